import { fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { setConfig } from "@/config";
import { signOut } from "@/session/session";
import { showAt } from "@/test/screen";
import SignIn from "./SignIn";
import { SignedIn } from "./SignedIn";

beforeEach(() => {
  sessionStorage.clear();
  const provider = { name: "Example", issuer: "https://i.example", clientId: "c", scopes: "openid" };
  const signIn = { ...provider, authorizeUrl: "https://i.example/a", tokenUrl: "https://i.example/t" };
  setConfig({ apiUrl: "https://api.example.com", stage: "test", region: "x", signIn });
});
afterEach(() => {
  vi.unstubAllGlobals();
  signOut();
  history.replaceState(null, "", "/");
});

test("after a sign-in that failed, a token signs in and leads to the page that was asked for", async () => {
  const begun = { state: "s", verifier: "v", secret: "x", back: "/queues?x=1" };
  sessionStorage.setItem("jobflow.signIn", JSON.stringify(begun));
  history.replaceState(null, "", "/signed-in?state=s&error=server_error");
  showAt("/signed-in", { "/signed-in": SignedIn, "/queues": () => <h1>Queues</h1> });
  expect((await screen.findByRole("alert")).textContent).toContain("server_error");

  fireEvent.change(screen.getByLabelText("Token"), { target: { value: "jf_token" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));

  expect(await screen.findByRole("heading", { name: "Queues" })).toBeTruthy();
});

test("a page without HTTPS says why its sign-in does not begin, and again after another try", async () => {
  // as in a browser, where a page without HTTPS has no `subtle`
  vi.stubGlobal("crypto", { getRandomValues: <T,>(bytes: T) => bytes });
  showAt("/queues", { "/queues": () => <SignIn /> });
  for (const _ of [1, 2]) {
    fireEvent.click(await screen.findByRole("button", { name: "Sign in with Example" }));
    expect((await screen.findByRole("alert")).textContent).toContain("use HTTPS");
  }
});

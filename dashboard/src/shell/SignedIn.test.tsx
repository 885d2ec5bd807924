import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { setConfig } from "@/config";
import { signOut } from "@/session/session";
import { SignedIn } from "./SignedIn";

/** Show the page at which sign-ins end, and a page that the user can have asked for. */
function show() {
  const root = createRootRoute();
  const of = (path: string, component: () => React.ReactNode) =>
    createRoute({ getParentRoute: () => root, path, component });
  const routeTree = root.addChildren([of("/signed-in", SignedIn), of("/queues", () => <h1>Queues</h1>)]);
  const history = createMemoryHistory({ initialEntries: ["/signed-in"] });
  render(<RouterProvider router={createRouter({ routeTree, history }) as never} />);
}

beforeEach(() => {
  sessionStorage.clear();
  const provider = { name: "Example", issuer: "https://i.example", clientId: "c", scopes: "openid" };
  const signIn = { ...provider, authorizeUrl: "https://i.example/a", tokenUrl: "https://i.example/t" };
  setConfig({ apiUrl: "https://api.example.com", stage: "test", region: "x", signIn });
});
afterEach(() => {
  signOut();
  history.replaceState(null, "", "/");
});

test("after a sign-in that failed, a token signs in and leads to the page that was asked for", async () => {
  const begun = { state: "s", verifier: "v", secret: "x", back: "/queues?x=1" };
  sessionStorage.setItem("jobflow.signIn", JSON.stringify(begun));
  history.replaceState(null, "", "/signed-in?state=s&error=server_error");
  show();
  expect((await screen.findByRole("alert")).textContent).toContain("server_error");

  fireEvent.change(screen.getByLabelText("Token"), { target: { value: "jf_token" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));

  expect(await screen.findByRole("heading", { name: "Queues" })).toBeTruthy();
});

import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { keysOfPosts, showWithin } from "@/test/screen";
import { signIn, signOut } from "@/session/session";
import { FirstJob } from "./FirstJob";

afterEach(() => {
  signOut();
  vi.unstubAllGlobals();
});

const TYPE = {
  type: "email.send",
  example: { to: ["ada@example.com"] },
  retired: false,
  retry_waits: [],
  limits: [],
  rates: [],
  retry_on: [],
  fail_on: [],
  enqueues: [],
};
const read = (role: string) => (url: string) =>
  url.endsWith("/me") ? { role, label: "" } : { job_types: [TYPE] };

test("the first job is created with one click, once also if the answer was lost", async () => {
  const keys = keysOfPosts(read("operator"), "lost", { status: 400, body: { title: "No." } });
  signIn("a-token");
  showWithin(<FirstJob />);
  const button = await screen.findByRole("button", { name: "Create a job of email.send" });
  await userEvent.click(button);
  await waitFor(() => expect(keys).toHaveLength(1));
  await waitFor(() => expect((button as HTMLButtonElement).disabled).toBe(false));
  await userEvent.click(button);
  await waitFor(() => expect(keys).toHaveLength(2));
  expect(keys[1]).toBe(keys[0]);
});

const withTypes = (...types: object[]) =>
  keysOfPosts((url) => (url.endsWith("/me") ? { role: "operator", label: "" } : { job_types: types }));

test("a type of which nobody may create jobs is not offered", async () => {
  withTypes({ ...TYPE, type: "webhook.deliver" }, { ...TYPE, type: "youtube.fetch" });
  signIn("a-token");
  showWithin(<FirstJob />);
  await screen.findByRole("button", { name: "Create a job of youtube.fetch" });
});

test("without a type that has an example, the page that creates a job is still offered", async () => {
  withTypes();
  signIn("a-token");
  showWithin(<FirstJob />);
  await screen.findByRole("link", { name: "Create a job" });
});

test("a viewer is not offered what the token may not do", async () => {
  keysOfPosts(read("viewer"));
  signIn("a-token");
  showWithin(<FirstJob />);
  await screen.findByText("Jobs appear here when they are created by the API or on this page.");
  expect(screen.queryByRole("button")).toBeNull();
});

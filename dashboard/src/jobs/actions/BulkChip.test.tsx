import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { showWithin } from "@/test/screen";
import { signIn, signOut } from "@/session/session";
import BulkChip from "./BulkChip";
import { dismissed } from "./bulkRuns";

const RUN = {
  id: "a1",
  action: "retry",
  dry_run: false,
  filter: null,
  state: "done",
  expected: 143,
  matched: 143,
  done: 140,
  skipped: 3,
  reasons: [],
  per_second: null,
  started_by: "ada",
  started_at: new Date().toISOString(),
  finished_at: new Date().toISOString(),
  problem: null,
};

beforeEach(() => {
  signIn("a-token");
  dismissed.set([]);
});
afterEach(() => {
  signOut();
  vi.unstubAllGlobals();
});

const answer = (runs: object[]) =>
  vi.stubGlobal("fetch", (url: string) =>
    Promise.resolve(
      Response.json(url.endsWith("/me") ? { role: "viewer", label: "" } : { bulk_actions: runs }),
    ),
  );

test("the newest bulk action leads to its page, and one that has ended can be dismissed", async () => {
  answer([RUN, { ...RUN, id: "a0" }]);
  showWithin(<BulkChip />);
  expect((await screen.findByRole("status")).textContent).toBe("140 jobs requeued; 3 skipped.");
  expect(screen.getByRole("link", { name: /requeued/ }).getAttribute("href")).toBe("/bulk/a1");
  expect(screen.getByRole("link", { name: "1 more bulk action" }).getAttribute("href")).toBe("/bulk");
  await userEvent.click(screen.getByRole("button", { name: "Dismiss" }));
  expect(screen.getByRole("link", { name: /requeued/ }).getAttribute("href")).toBe("/bulk/a0");
});

test("a viewer sees one that runs, without a button to stop it", async () => {
  answer([{ ...RUN, state: "running", done: 56, finished_at: null }]);
  showWithin(<BulkChip />);
  expect((await screen.findByRole("status")).textContent).toBe("Retrying 56 of 143");
  expect(screen.queryByRole("button")).toBeNull();
});

import { beforeEach, expect, test, vi } from "vitest";
import { connectSession } from "@/api/client";
import { reasons } from "./bulkWords";
import { runs, startRun } from "./runs";

const filter = { kind: "many", action: "retry", target: { filter: {} }, scope: "matching" } as const;
const step = (next: string | null) => ({
  matched: 100,
  done: 99,
  skipped: [],
  more: false,
  next_cursor: next,
});

beforeEach(() => {
  runs.set([]);
  connectSession({ token: () => "t", onUnauthorized: () => undefined });
});

function answers(...steps: object[]) {
  const left = [...steps];
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json(left.shift() ?? step("more"))));
}

test("a run adds up its steps and says when it is over", async () => {
  answers(step("a"), step(null));
  const settled = vi.fn();
  await startRun(filter, null, settled);
  expect(runs.get()).toMatchObject([{ state: "done", sum: { done: 198 } }]);
  expect(settled).toHaveBeenCalledOnce();
});

test("a run that is stopped keeps what it has done, and lets the tab close", async () => {
  answers();
  const over = startRun(filter, null, () => undefined);
  const leave = () => !dispatchEvent(new Event("beforeunload", { cancelable: true }));
  expect(leave(), "asked while it runs").toBe(true);
  runs.get()[0]?.stop();
  await over;
  expect(runs.get()[0]).toMatchObject({ state: "stopped", problem: null });
  expect(leave()).toBe(false);
});

test("a run that fails says why", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ detail: "No." }, { status: 500 })));
  await startRun(filter, null, () => undefined);
  expect(runs.get()[0]?.state).toBe("failed");
  expect(runs.get()[0]?.problem).toContain("No.");
});

test("reasons are counted without the ids that make each one differ", () => {
  const skipped = ["a", "b"].map((id) => ({ id, reason: `Job ${id} is running.` }));
  expect(reasons({ matched: 2, done: 0, skipped, more: false })).toEqual([["is running.", 2]]);
});

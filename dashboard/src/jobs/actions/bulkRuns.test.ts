import { QueryClient } from "@tanstack/react-query";
import { beforeEach, expect, test, vi } from "vitest";
import type { BulkRun } from "@/api/jobs/bulkActions";
import { dismiss, dismissed, shown, start, starting } from "./bulkRuns";

const run = (id: string, finishedAt: number | null): BulkRun => ({
  id,
  action: "retry",
  state: finishedAt === null ? "running" : "done",
  expected: null,
  matched: 0,
  done: 0,
  skipped: 0,
  reasons: [],
  perSecond: null,
  filter: null,
  edit: null,
  startedBy: "ada",
  startedAt: 0,
  finishedAt,
  problem: null,
});
const WIRE = {
  id: "a1",
  action: "retry",
  state: "running",
  expected: 143,
  matched: 24,
  done: 24,
  skipped: 0,
  reasons: [],
  per_second: null,
  filter: null,
  edit: null,
  started_by: "ada",
  started_at: "2026-11-25T00:00:00Z",
  finished_at: null,
  problem: null,
};

beforeEach(() => {
  vi.unstubAllGlobals();
  dismissed.set([]);
});

test("what runs is shown, and a result until it is read or old", () => {
  const all = [run("runs", null), run("fresh", 1_000_000), run("old", 0)];
  expect(shown(all, [], 1_000_001).map(({ id }) => id)).toEqual(["runs", "fresh"]);
  dismiss("fresh");
  dismiss("runs");
  expect(shown(all, dismissed.get(), 1_000_001).map(({ id }) => id)).toEqual(["runs"]);
});

test("the platform is asked once, with the number that was counted, and its answer is shown at once", async () => {
  const asked: unknown[] = [];
  vi.stubGlobal("fetch", (_: string, init: { body: string }) => {
    asked.push(JSON.parse(init.body));
    return Promise.resolve(Response.json(WIRE, { status: 202 }));
  });
  const client = new QueryClient();
  const counted = { matched: 143, done: 0, skipped: [], more: false };
  const ask = { kind: "many", action: "retry", target: { filter: { tag: "x" } }, scope: "matching" } as const;
  const over = start(ask, counted, client);
  expect(starting.get()).toMatchObject([{ action: "retry", expected: 143 }]);
  await over;
  expect(asked).toEqual([{ action: "retry", filter: { tag: "x" }, expected: 143 }]);
  expect(client.getQueryData(["bulk"])).toMatchObject([{ id: "a1", done: 24 }]);
  expect(starting.get()).toEqual([]);
});

test("more selected jobs than one bulk action may list become several", async () => {
  const sizes: number[] = [];
  vi.stubGlobal("fetch", (_: string, init: { body: string }) => {
    sizes.push((JSON.parse(init.body) as { ids: string[] }).ids.length);
    return Promise.resolve(Response.json(WIRE, { status: 202 }));
  });
  const ids = Array.from({ length: 1200 }, (_, n) => `j${n}`);
  await start(
    { kind: "many", action: "cancel", target: { ids }, scope: "selected" },
    null,
    new QueryClient(),
  );
  expect(sizes).toEqual([1000, 200]);
});

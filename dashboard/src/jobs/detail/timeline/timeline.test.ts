import { expect, test } from "vitest";
import type { KeptStep } from "@/api/jobs/steps";
import { attempt, detail, T0 } from "@/test/factories";
import { segments, summed } from "./timeline";

const kinds = (parts: { kind: string }[]) => parts.map((part) => part.kind);

test("a job's time is waits, attempts and backoff without a gap", () => {
  const done = attempt(2, { outcome: "completed", errorClass: null });
  const parts = segments(detail("completed", [attempt(1), done]), T0 + 99_000);
  expect(kinds(parts)).toEqual(["wait", "failed", "backoff", "done"]);
  parts.slice(1).forEach((part, at) => expect(part.from).toBe(parts[at]?.to));
});

test("the backoff of a retrying job lasts until now", () => {
  const parts = segments(detail("retrying", [attempt(1)]), T0 + 15_000);
  expect(parts.at(-1)).toMatchObject({ kind: "backoff", open: true, to: T0 + 15_000 });
});

test("a running attempt lasts until now", () => {
  const running = attempt(1, { outcome: "running", finishedAt: null, durationMs: null });
  expect(segments(detail("processing", [running]), T0 + 13_000).at(-1)).toMatchObject({
    kind: "run",
    open: true,
    to: T0 + 13_000,
  });
});

test("only the newest run counts", () => {
  const parts = segments(
    detail(
      "completed",
      [
        attempt(1),
        attempt(1, { gen: 2, outcome: "completed", startedAt: T0 + 60_000, finishedAt: T0 + 61_000 }),
      ],
      { gen: 2 },
    ),
    T0 + 99_000,
  );
  expect(kinds(parts)).toEqual(["done"]);
});

test("a deferred attempt is not a failed one, and stands before the one that takes its number", () => {
  const deferred = attempt(1, { outcome: "deferred", claim: 1 });
  const done = attempt(1, {
    outcome: "completed",
    claim: 2,
    startedAt: T0 + 70_000,
    finishedAt: T0 + 71_000,
  });
  const parts = segments(detail("completed", [done, deferred]), T0 + 99_000);
  expect(kinds(parts)).toEqual(["wait", "deferred", "backoff", "done"]);
  expect(parts[2]?.label).toBe("Wait asked for before attempt 1");
  const waiting = segments(detail("retrying", [deferred], { attempts: 0 }), T0 + 60_000);
  expect(waiting.at(-1)).toMatchObject({ label: "Wait asked for", open: true });
});

const kept = (kind: KeptStep["kind"], name: string, at: number, more: Partial<KeptStep> = {}): KeptStep => ({
  kind,
  name,
  at: T0 + at,
  value: null,
  tookMs: null,
  until: null,
  by: null,
  timedOut: false,
  ...more,
});

test("sleeps and waits for events are parts of their own, with their true ends", () => {
  const done = attempt(1, { outcome: "completed", startedAt: T0 + 90_000, finishedAt: T0 + 91_000 });
  const steps = [
    kept("sleep", "quiet", 5000, { until: T0 + 20_000 }),
    kept("wait", "approved", 21_000, { until: T0 + 999_000 }),
    kept("event", "approved", 88_000),
  ];
  const parts = segments(detail("completed", [done]), T0 + 99_000, 1, steps);
  expect(parts.map(({ label, from, to }) => [label, (to - from) / 1000])).toEqual([
    ["Waited", 5],
    ["Sleep quiet", 15],
    ["Waited", 1],
    ["Wait approved", 67],
    ["Waited", 2],
    ["Attempt 1", 1],
  ]);
  parts.slice(1).forEach((part, at) => expect(part.from).toBe(parts[at]?.to));
});

test("the wait for the next try of a step is a part of its own", () => {
  const done = attempt(1, { outcome: "completed", startedAt: T0 + 90_000, finishedAt: T0 + 91_000 });
  const steps = [kept("try", "ship (try 1)", 10_000, { until: T0 + 70_000 })];
  const parts = segments(detail("completed", [done]), T0 + 99_000, 1, steps);
  expect(parts.map(({ label, from, to }) => [label, (to - from) / 1000])).toEqual([
    ["Waited", 10],
    ["Failed try ship (try 1)", 60],
    ["Waited", 20],
    ["Attempt 1", 1],
  ]);
});

test("a suspended job's last part is its wait", () => {
  const steps = [kept("wait", "approved", 21_000, { until: T0 + 999_000 })];
  const parts = segments(detail("suspended", []), T0 + 99_000, 1, steps);
  expect(parts.at(-1)).toMatchObject({ kind: "asleep", label: "Wait approved", open: true, to: T0 + 99_000 });
  expect(parts.map(({ label }) => label)).toEqual(["Waited", "Wait approved"]);
  const over = segments(detail("suspended", []), T0 + 999_900, 1, steps);
  expect(over.at(-1)).toMatchObject({ kind: "wait", open: true, from: T0 + 999_000 });
});

test("many parts are summed up by kind, a few are listed", () => {
  const tries = [1, 2, 3, 4].map((n) => attempt(n));
  const parts = segments(detail("retrying", tries), T0 + 60_000);
  expect(summed(parts)).toEqual([
    { kind: "wait", label: "Waited", ms: 10_000 },
    { kind: "failed", label: "Failed attempts", ms: 4000 },
    { kind: "backoff", label: "Backoff", ms: 46_000 },
  ]);
  expect(summed(parts.slice(0, 2)).map((part) => part.label)).toEqual(["Waited", "Attempt 1"]);
});

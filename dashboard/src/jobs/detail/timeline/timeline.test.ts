import { expect, test } from "vitest";
import { attempt, detail, T0 } from "@/test/factories";
import { remaining, segments, summed } from "./timeline";

const kinds = (parts: { kind: string }[]) => parts.map((part) => part.kind);

test("a life is waits, runs and pauses without a gap", () => {
  const done = attempt(2, { outcome: "completed", errorClass: null });
  const parts = segments(detail("completed", [attempt(1), done]), T0 + 99_000);
  expect(kinds(parts)).toEqual(["wait", "failed", "backoff", "done"]);
  parts.slice(1).forEach((part, at) => expect(part.from).toBe(parts[at]?.to));
});

test("a retrying job's pause goes on", () => {
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

test("the remaining schedule doubles, ends at five minutes, and is empty when nothing is to come", () => {
  expect(remaining({ status: "queued", attempts: 0, maxAttempts: 3 })).toEqual([
    { attempt: 2, withinS: 2 },
    { attempt: 3, withinS: 4 },
  ]);
  expect(remaining({ status: "retrying", attempts: 1, maxAttempts: 3 })).toEqual([
    { attempt: 3, withinS: 4 },
  ]);
  expect(remaining({ status: "processing", attempts: 9, maxAttempts: 10 })).toEqual([
    { attempt: 10, withinS: 300 },
  ]);
  expect(remaining({ status: "dead_letter", attempts: 3, maxAttempts: 3 })).toEqual([]);
});

test("a long life is summed up by what its time was spent on, a short one is told", () => {
  const tries = [1, 2, 3, 4].map((n) => attempt(n));
  const parts = segments(detail("retrying", tries), T0 + 60_000);
  expect(summed(parts)).toEqual([
    { kind: "wait", label: "Waited", ms: 10_000 },
    { kind: "failed", label: "Failed attempts", ms: 4000 },
    { kind: "backoff", label: "Backoff", ms: 46_000 },
  ]);
  expect(summed(parts.slice(0, 2)).map((part) => part.label)).toEqual(["Waited", "Attempt 1"]);
});

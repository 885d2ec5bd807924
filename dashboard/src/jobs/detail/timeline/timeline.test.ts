import { expect, test } from "vitest";
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

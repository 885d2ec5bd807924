import { expect, test } from "vitest";
import { moves } from "./movement";

const counts = (byStatus: Record<string, number>, paused = false) => ({
  byStatus,
  byType: { "email.send": { paused, byStatus } },
});

test("jobs that run or wait for a worker are movement; those of a paused type are not", () => {
  expect(moves(null, counts({ completed: 3 }))).toBe(false);
  expect(moves(null, counts({ queued: 1 }))).toBe(true);
  expect(moves(null, counts({ queued: 1 }, true))).toBe(false);
  expect(moves(null, counts({ processing: 1 }))).toBe(true);
});

test("counts that differ from those before are movement", () => {
  expect(moves(counts({ completed: 1 }), counts({ completed: 2 }))).toBe(true);
  expect(moves(counts({ completed: 2 }), counts({ completed: 2 }))).toBe(false);
});

import { expect, test } from "vitest";
import { seenAfter, type BatchRound } from "@/api/jobs/batches";
import { T0 } from "@/test/factories";
import { inUnit, paceOf, quietSince } from "./pace";

const round = (more: Partial<BatchRound> = {}): BatchRound => ({
  ...{
    round: 1,
    state: "running",
    total: 200,
    done: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    failedIds: [],
  },
  ...{
    openedAt: T0,
    closedAt: T0,
    updatedAt: T0,
    endedAt: null,
    thenJob: null,
    onFailureJob: null,
    bulk: null,
  },
  ...more,
});

test("before a member has ended, nothing is known", () => {
  expect(paceOf(round(), [], T0 + 60_000)).toBeNull();
});

test("a page that was just opened uses the time since the round was opened", () => {
  const now = T0 + 100_000;
  const found = paceOf(round({ done: 50, updatedAt: now }), [{ round: 1, at: now, done: 50 }], now);
  expect(found).toEqual({ perSecond: 0.5, left: 300_000 });
});

test("a page that was watched uses what it has seen, so that a slow start does not count", () => {
  const now = T0 + 3_600_000;
  const seen = [
    { round: 1, at: now - 30_000, done: 40 },
    { round: 1, at: now, done: 100 },
  ];
  expect(paceOf(round({ done: 100, updatedAt: now }), seen, now)).toEqual({ perSecond: 2, left: 50_000 });
});

test("numbers of another round do not count", () => {
  const now = T0 + 40_000;
  const seen = [{ round: 1, at: T0, done: 190 }];
  expect(seenAfter(seen, round({ round: 2, done: 4 }), now)).toEqual([{ round: 2, at: now, done: 4 }]);
  expect(paceOf(round({ round: 2, done: 4, total: 8 }), seen, now)).toEqual({ perSecond: 0.1, left: 40_000 });
});

test("without a number of members there is no estimated end, and after the end there is none", () => {
  expect(paceOf(round({ done: 10, total: null }), [], T0 + 10_000)?.left).toBeNull();
  expect(paceOf(round({ done: 200, endedAt: T0 + 100_000 }), [], T0 + 900_000)).toEqual({
    perSecond: 2,
    left: null,
  });
});

test("while no member ends any more, no end is estimated", () => {
  const left = (quiet: number, done = 100) =>
    paceOf(round({ done, updatedAt: T0 + 600_000 - quiet }), [], T0 + 600_000)?.left;
  expect(left(59_000)).toBe(600_000);
  expect(left(61_000)).toBeNull();
  expect(left(299_000, 10), "one member a minute").not.toBeNull();
  expect(left(301_000, 10)).toBeNull();
});

test("a closed round in which nothing ends for minutes is told, an open or ended one is not", () => {
  const now = T0 + 600_000;
  expect(quietSince(round({ updatedAt: T0 + 1 }), now)).toBe(T0 + 1);
  expect(quietSince(round({ updatedAt: now - 60_000 }), now)).toBeNull();
  expect(quietSince(round({ closedAt: null }), now)).toBeNull();
  expect(quietSince(round({ endedAt: T0 }), now)).toBeNull();
});

test("a rate is told in a unit in which it is at least one", () => {
  expect(inUnit(2.5)).toEqual({ n: 2.5, unit: "second" });
  expect(inUnit(0.5)).toEqual({ n: 30, unit: "minute" });
  expect(inUnit(1 / 1800)).toEqual({ n: 2, unit: "hour" });
  expect(inUnit(1 / 86_400)).toEqual({ n: 1, unit: "day" });
});

import { expect, test } from "vitest";
import type { Batch, BatchDetail, BatchRound } from "@/api/jobs/batches";
import { job } from "@/test/factories";
import { isRetrying } from "./BatchActions";
import { failedAmong, failedIn, failedInRow } from "./failed";

const rounds = (...numbers: [failed: number, total: number | null][]) =>
  numbers.map(([failed, total], at) => ({ round: at + 1, failed, total, bulk: null })) as BatchRound[];

test("a batch without a retry knows its failed members, and so does one in which none has failed", () => {
  expect(failedIn(rounds([12, 60]))).toBe(12);
  expect(failedIn(rounds([0, 60], [0, 50]))).toBe(0);
});

test("after a retry some members may be failed: cancelled members can be retried too", () => {
  expect(failedIn(rounds([3, 60], [0, 50]))).toBeNull();
  expect(failedIn(rounds([12, 60], [0, 12]))).toBeNull();
  expect(
    failedIn(rounds([0, 60], [0, 12]).slice(1)),
    "the first round is not among the newest 50",
  ).toBeNull();
});

test("the members tell how many are failed, if all of them are known", () => {
  const jobs = [job("a", { status: "failed" }), job("b", { status: "dead_letter" }), job("c")];
  expect(failedAmong({ jobs, more: false, looked: 3 })).toBe(2);
  expect(failedAmong({ jobs: [], more: true, looked: 1000 })).toBeNull();
});

test("a row whose newest round is a successful retry does not claim that no member is failed", () => {
  const row = (round: number, failed: number) => failedInRow({ newest: { round, failed } } as Batch);
  expect([row(1, 0), row(1, 4), row(2, 0), row(2, 1)]).toEqual([0, 4, null, 1]);
});

test("a retry is under way until its round is closed", () => {
  const filling = { ...rounds([3, null])[0], bulk: "b", closedAt: null };
  const batch = (more: object) => ({ retrying: false, rounds: rounds([3, 9]), ...more }) as BatchDetail;
  expect(isRetrying(batch({}))).toBe(false);
  expect(isRetrying(batch({ retrying: true }))).toBe(true);
  expect(isRetrying(batch({ rounds: [filling] }))).toBe(true);
});

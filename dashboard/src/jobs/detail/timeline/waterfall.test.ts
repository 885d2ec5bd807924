import { expect, test } from "vitest";
import { attempt, detail, T0 } from "@/test/factories";
import { waterfall } from "./waterfall";

const line = (at: number) => ({ at, level: "INFO", message: "m", gen: 1, attempt: 1, fields: {} });
const WEEK = 7 * 86_400_000;

test("all runs are on one axis, without the week between them", () => {
  const again = attempt(1, {
    gen: 2,
    claim: 1,
    outcome: "completed",
    startedAt: T0 + WEEK,
    finishedAt: T0 + WEEK + 1000,
  });
  const rows = waterfall(detail("completed", [attempt(1), again], { gen: 2 }), T0 + 2 * WEEK, []);
  expect(rows.map(({ gen, kind }) => [gen, kind])).toEqual([
    [1, "wait"],
    [1, "failed"],
    [2, "done"],
  ]);
  expect(rows.map(({ left, width }) => [left, width])).toEqual([
    [0, 10 / 12],
    [10 / 12, 1 / 12],
    [11 / 12, 1 / 12],
  ]);
});

test("log lines are in the bar of their attempt, in none of a wait", () => {
  const rows = waterfall(detail("failed", [attempt(1)]), T0 + 20_000, [line(T0 + 5000), line(T0 + 10_250)]);
  expect(rows.map(({ lines }) => lines)).toEqual([[], [0.25]]);
});

test("a job that has not begun to wait has no bars", () => {
  expect(waterfall(detail("queued", []), T0, [])).toEqual([]);
});

import { expect, test } from "vitest";
import { attempt, detail, job, T0 } from "@/test/factories";
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
  const { rows, breaks } = waterfall(detail("completed", [attempt(1), again], { gen: 2 }), T0 + 2 * WEEK, []);
  expect(rows.map(({ gen, kind }) => [gen, kind])).toEqual([
    [1, "wait"],
    [1, "failed"],
    [2, "done"],
  ]);
  const places = rows.flatMap(({ left, width }) => [left, width].map((share) => Math.round(share * 12)));
  expect(places).toEqual([0, 10, 10, 1, 11, 1]);
  expect(breaks).toEqual([{ at: 11 / 12, ms: WEEK - 11_000 }]);
});

test("the wait after a retry by an operator is drawn, from the retry on", () => {
  const again = attempt(1, { gen: 2, outcome: "completed", startedAt: T0 + 30_000, finishedAt: T0 + 31_000 });
  const retry = {
    action: "retry" as const,
    at: T0 + 20_000,
    by: "ada",
    gen: 2,
    edited: false,
    inBulk: false,
  };
  const { rows } = waterfall(
    detail("completed", [attempt(1), again], { gen: 2, acts: [retry] }),
    T0 + 99_000,
    [],
  );
  expect(rows.map(({ gen, kind, from }) => [gen, kind, from - T0])).toEqual([
    [1, "wait", 0],
    [1, "failed", 10_000],
    [2, "wait", 20_000],
    [2, "done", 30_000],
  ]);
});

test("child jobs are on the axis of the job, also after its end", () => {
  const child = job("c", {
    status: "completed",
    createdAt: T0 + 10_500,
    startedAt: T0 + 12_000,
    finishedAt: T0 + 22_000,
  });
  const waits = job("d", { createdAt: T0 + 11_000 });
  const done = attempt(1, { outcome: "completed" });
  const { children } = waterfall(detail("completed", [done]), T0 + 22_000, [], [], [child, waits]);
  expect(children.map(({ wait, run }) => [wait.left, run?.left, run?.kind, run?.ms])).toEqual([
    [10.5 / 22, 12 / 22, "done", 10_000],
    [0.5, undefined, undefined, undefined],
  ]);
});

test("a child job that waits for another attempt does not run since its last start", () => {
  const again = { createdAt: T0 + 11_000, startedAt: T0 + 12_000, finishedAt: null };
  const made = [
    job("a", { ...again, status: "queued" }),
    job("b", { ...again, status: "retrying" }),
    job("c", { ...again, status: "processing" }),
  ];
  const done = attempt(1, { outcome: "completed" });
  const { children } = waterfall(detail("completed", [done]), T0 + 22_000, [], [], made);
  expect(children.map(({ run }) => run?.ms)).toEqual([undefined, undefined, 10_000]);
});

test("log lines are in the bar of their attempt, in none of a wait", () => {
  const { rows } = waterfall(detail("failed", [attempt(1)]), T0 + 20_000, [
    line(T0 + 5000),
    line(T0 + 10_250),
  ]);
  expect(rows.map(({ lines }) => lines)).toEqual([[], [0.25]]);
});

test("a job that has not begun to wait has no bars", () => {
  expect(waterfall(detail("queued", []), T0, []).rows).toEqual([]);
});

test("many child jobs are one row for each type, with their number at each time; failed ones are also rows of their own", () => {
  const many = Array.from({ length: 200 }, (_, n) =>
    job(`c${n}`, {
      type: "image.process",
      status: n < 12 ? "failed" : "completed",
      createdAt: T0,
      startedAt: T0 + 30_000,
      finishedAt: T0 + (n < 100 ? 40_000 : 60_000),
    }),
  );
  const mail = job("m", { status: "queued", createdAt: T0 + 50_000 });
  const done = attempt(1, { outcome: "completed", startedAt: T0, finishedAt: T0 + 1000 });
  const { crowds, children, failed } = waterfall(
    detail("completed", [done]),
    T0 + 60_000,
    [],
    [],
    [...many, mail],
  );
  expect(crowds.map(({ type, jobs, most, ms }) => [type, jobs.length, most, ms])).toEqual([
    ["image.process", 200, 200, 60_000],
  ]);
  const parts = crowds[0]?.parts ?? [];
  expect([0, 29, 30, 50, 59].map((at) => parts[at])).toEqual([
    { wait: 200 },
    { wait: 200 },
    { failed: 12, done: 188 },
    { done: 100 },
    { done: 100 },
  ]);
  expect(children.map(({ job: { id } }) => id)).toEqual(["m", ...many.slice(0, 10).map(({ id }) => id)]);
  expect(failed).toBe(12);
});

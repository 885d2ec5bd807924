import { expect, test } from "vitest";
import type { OperatorAct } from "@/api/jobs/jobs";
import { attempt, detail, T0 } from "@/test/factories";
import { keptAfter, stepsOf } from "./acts";

const act = (action: OperatorAct["action"], at: number, more: Partial<OperatorAct> = {}): OperatorAct => ({
  action,
  at: T0 + at,
  by: "ada",
  gen: 1,
  edited: false,
  inBulk: false,
  ...more,
});
const kinds = (job: ReturnType<typeof detail>, attempts = job.history) =>
  stepsOf(job, attempts).map((step) => (step.kind === "act" ? step.act.action : step.kind));

test("what operators did stands between the attempts by its time", () => {
  const job = detail("cancelled", [attempt(1, { gen: 2 })], {
    gen: 2,
    acts: [act("run-now", 100), act("retry", 5000, { gen: 2 }), act("cancel", 20_000, { gen: 2 })],
  });
  expect(kinds(job)).toEqual(["run-now", "retry", "attempt", "cancel"]);
});

test("a retry of which nobody knows who asked for it is told all the same", () => {
  const again = attempt(1, { gen: 2 });
  expect(kinds(detail("queued", [attempt(1), again], { gen: 2 }), [again])).toEqual(["retry", "attempt"]);
  const known = detail("queued", [attempt(1)], { gen: 3, acts: [act("retry", 1, { gen: 2 })] });
  expect(kinds(known, [])).toEqual(["retry", "retry"]);
  expect(kinds(detail("completed", [attempt(1)]))).toEqual(["attempt"]);
});

test("the payload after an edit is the one of the run that was edited next, or the present one", () => {
  const [first, plain, second] = [
    act("retry", 1, { gen: 2, edited: true }),
    act("retry", 2, { gen: 3 }),
    act("retry", 3, { gen: 4, edited: true }),
  ];
  const job = detail("queued", [], { gen: 4, acts: [first, plain, second] });
  expect(keptAfter(job, first)).toBe(3);
  expect(keptAfter(job, second)).toBeNull();
});

test("the attempts of earlier runs are told, too, before the retry that followed them", () => {
  const again = attempt(1, { gen: 2, startedAt: T0 + 50_000 });
  const job = detail("queued", [attempt(1), again], { gen: 2 });
  expect(kinds(job)).toEqual(["attempt", "retry", "attempt"]);
});

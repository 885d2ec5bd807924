import { expect, test } from "vitest";
import type { Metrics } from "@/api/numbers/metrics";
import { firstSteps } from "./steps";

const numbers = (total: number, completed: number) =>
  ({ total, byStatus: { completed } }) as unknown as Pick<Metrics, "total" | "byStatus">;
const BUILT_IN = ["email.send"];

test("an empty platform has all steps before it", () => {
  expect(firstSteps(numbers(0, 0), BUILT_IN, false)?.size).toBe(0);
});

test("a step is done because of what is there, and the list ends when all are", () => {
  expect([...(firstSteps(numbers(1, 1), BUILT_IN, false) ?? [])]).toEqual(["create", "complete"]);
  expect(firstSteps(numbers(2, 1), [...BUILT_IN, "invoice.render"], true)).toBeNull();
});

test("a type of the platform is not an own type", () => {
  const done = firstSteps(numbers(1, 0), [...BUILT_IN, "webhook.deliver"], false);
  expect(done?.has("own")).toBe(false);
});

test("a platform with many jobs is not taught", () => {
  expect(firstSteps(numbers(1000, 0), BUILT_IN, false)).toBeNull();
});

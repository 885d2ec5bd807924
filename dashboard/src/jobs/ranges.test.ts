import { expect, test } from "vitest";
import { backTo, earlier } from "./ranges";

const HOUR = 3_600_000;

test("a day is compared with the day before, a week with the week before", () => {
  expect([backTo("1h"), backTo("24h"), backTo("7d")].map((ms) => ms / HOUR)).toEqual([24, 24, 168]);
});

test("an earlier value is at the same place as the later one, and a missing one leaves a gap", () => {
  const points = [1, 3].map((t) => ({ t, n: t * 10 }));
  expect(earlier([11, 12, 13, 14], points, 10, ({ n }) => n)).toEqual([10, null, 30, null]);
});

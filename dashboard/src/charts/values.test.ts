import { expect, test } from "vitest";
import { decades, lonely, powersOfTen, unfinished } from "./values";

test("only a value without neighbours is a dot", () => {
  expect(lonely([null, 1, null, 2, 3, null, 4])).toEqual([1, 6]);
  expect(lonely([])).toEqual([]);
});

test("a logarithmic axis holds whole decades, two at least, and begins no lower than a millisecond", () => {
  expect(decades(186, 6300)).toEqual([100, 10_000]);
  expect(decades(150, 160)).toEqual([100, 10_000]);
  expect(decades(0, 0)).toEqual([1, 100]);
  expect(decades(null, null)).toEqual([1, 100]);
  expect(powersOfTen(10, 10_000)).toEqual([10, 100, 1000, 10_000]);
});

test("only the step that holds now is unfinished", () => {
  const times = [0, 60_000, 120_000];
  expect(unfinished(times, 60_000, 130_000)).toBe(120_000);
  expect(unfinished(times, 60_000, 180_000)).toBeNull();
  expect(unfinished([], 60_000, 0)).toBeNull();
});

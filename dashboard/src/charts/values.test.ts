import { expect, test } from "vitest";
import { axisWidth, bounds, inCorner, lonely, markNames, marks, unfinished } from "./values";

test("only a value without neighbours is a dot", () => {
  expect(lonely([null, 1, null, 2, 3, null, 4])).toEqual([1, 6]);
  expect(lonely([])).toEqual([]);
});

test("an axis of durations begins and ends at a mark, has three of them at least, and none below a millisecond", () => {
  expect(bounds(186, 6300)).toEqual([100, 10_000]);
  expect(bounds(150, 160)).toEqual([100, 10_000]);
  expect(bounds(20_000, 100_000)).toEqual([10_000, 600_000]);
  expect(bounds(0, 0)).toEqual([1, 100]);
  expect(bounds(null, null)).toEqual([1, 100]);
  expect(bounds(1e12, 1e13)[1]).toBe(8_640_000_000);
});

test("the marks of an axis are short, and never so many that they cover each other", () => {
  expect(markNames(marks(100, 600_000))).toEqual(["100 ms", "1 s", "10 s", "1 min", "10 min"]);
  expect(markNames(marks(1, 3_600_000)).filter(Boolean)).toEqual(["1 ms", "100 ms", "10 s", "10 min"]);
  // 10 hours and a day are so near that only one of them has space
  expect(markNames(marks(600_000, 864_000_000)).filter(Boolean)).toEqual(["10 min", "1 h", "10 h", "10 d"]);
});

test("a time at the left end has no name, because it would touch the lowest name of the other axis", () => {
  expect(inCorner(1000, 1000, 61_000, 400)).toBe(true);
  expect(inCorner(6000, 1000, 61_000, 400)).toBe(false);
});

test("only the step that holds now is unfinished", () => {
  const times = [0, 60_000, 120_000];
  expect(unfinished(times, 60_000, 130_000)).toBe(120_000);
  expect(unfinished(times, 60_000, 180_000)).toBeNull();
  expect(unfinished([], 60_000, 0)).toBeNull();
});

test("the axis is wide enough for its longest name", () => {
  const small = axisWidth(["0", "10,000"], 6);
  expect(axisWidth([], 6)).toBe(small);
  // A character of 11 px monospace is 6.6 px wide.
  expect(axisWidth(["0", "1,000,000"], 6)).toBeGreaterThanOrEqual(9 * 6.6 + 6);
});

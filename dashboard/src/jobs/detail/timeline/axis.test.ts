import { expect, test } from "vitest";
import { axisOf } from "./axis";

test("the axis leaves out the time in which nothing happened, and says how long it was", () => {
  const axis = axisOf([
    [0, 100],
    [1000, 1100],
  ]);
  expect([0, 50, 100, 500, 1000, 1050, 1100].map((at) => axis?.place(at))).toEqual([
    0, 0.25, 0.5, 0.5, 0.5, 0.75, 1,
  ]);
  expect(axis?.breaks).toEqual([{ at: 0.5, ms: 900 }]);
});

test("spans may overlap, and a small gap is drawn", () => {
  const axis = axisOf([
    [50, 100],
    [0, 80],
    [104, 200],
  ]);
  expect(axis?.breaks).toEqual([]);
  expect(axis?.place(102)).toBeCloseTo(0.51);
});

test("without length there is no axis", () => {
  expect(axisOf([])).toBeNull();
  expect(axisOf([[5, 5]])).toBeNull();
});

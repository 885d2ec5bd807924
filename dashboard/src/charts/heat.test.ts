import { expect, test } from "vitest";
import { cells } from "@/api/numbers/spread";
import { edges, largest, listed, strength } from "./heat";

const cell = (high: number, count: number) => ({ low: high / 2, high, count });

test("what is shorter than two milliseconds is one cell, and no cell has no height", () => {
  expect(
    cells([
      { up_to_ms: 1, count: 3 },
      { up_to_ms: 2, count: 4 },
      { up_to_ms: 4, count: 1 },
    ]),
  ).toEqual([cell(2, 7), cell(4, 1)]);
});

test("a single job is seen beside a thousand, and the fullest cell is drawn whole", () => {
  expect(strength(1000, 1000)).toBe(1);
  expect(strength(1, 1000)).toBeGreaterThan(0.18);
  expect(strength(250, 1000)).toBeGreaterThan(0.5);
  expect(strength(0, 0)).toBe(0);
});

test("the axis holds every cell, and a tip lists the fullest ones by length", () => {
  const points = [
    { t: 0, cells: [cell(4, 2), cell(512, 9)] },
    { t: 1, cells: [] },
  ];
  expect(edges(points)).toEqual({ low: [2, null], high: [512, null] });
  expect(largest(points)).toBe(9);
  const many = [1, 9, 8, 7, 6, 5, 4].map((count, n) => cell(2 ** (n + 1), count));
  expect(listed(many).map(({ high }) => high)).toEqual([128, 64, 32, 16, 8, 4]);
});

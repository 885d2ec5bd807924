import { expect, test } from "vitest";
import { lonely } from "./TimeChart";

test("only a value without neighbours is a dot", () => {
  expect(lonely([null, 1, null, 2, 3, null, 4])).toEqual([1, 6]);
  expect(lonely([])).toEqual([]);
});

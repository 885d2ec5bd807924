import { expect, test } from "vitest";
import { placeOf } from "./trail";

const ids = ["a", "b", "c"];

test("a job knows its neighbours in the list, and the ends have none", () => {
  expect(placeOf("b", ids)).toEqual({ number: 2, before: "a", after: "c" });
  expect(placeOf("a", ids)).toEqual({ number: 1, before: undefined, after: "b" });
  expect(placeOf("c", ids)).toEqual({ number: 3, before: "b", after: undefined });
});

test("a job that was not opened from the list stands nowhere in it", () => {
  expect(placeOf("z", ids)).toEqual({ number: 0, before: undefined, after: undefined });
});

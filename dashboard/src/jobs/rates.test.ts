import { expect, test } from "vitest";
import { drain, perMinute } from "./rates";

const minute = (created: number, completed: number) => ({ created, completed, failed: 0, deadLettered: 0 });
const minutes = (created: number, completed: number) =>
  Array.from({ length: 7 }, () => minute(created, completed));

test("a rate is that of the last five whole minutes", () => {
  const before = Array.from({ length: 54 }, () => minute(0, 0));
  const now = Array.from({ length: 5 }, () => minute(0, 235));
  expect(perMinute([...before, ...now, minute(0, 3)], "completed")).toBe(235);
  expect(perMinute([], "completed")).toBe(0);
});

test("a queue that grows says how fast, one that shrinks when it is empty", () => {
  expect(drain(minutes(50, 12), 198, null)).toEqual({
    text: "growing, +38/min",
    growing: true,
    drains: false,
  });
  expect(drain(minutes(10, 50), 200, 300_000)).toEqual({ text: "about 5 min", growing: false, drains: true });
  expect(drain(minutes(10, 50), 20, 9_000).text).toBe("< 1 min");
  expect(drain(minutes(0, 0), 0, null).text).toBe("none");
  expect(drain(minutes(0, 0), 4, null).text).toBe("nothing finishes");
});

test("after a burst the estimate of the latest pace counts, not the growth of five minutes", () => {
  expect(drain(minutes(50, 12), 198, 120_000)).toEqual({ text: "about 2 min", growing: false, drains: true });
});

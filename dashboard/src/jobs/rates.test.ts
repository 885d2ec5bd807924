import { expect, test } from "vitest";
import { drain, perMinute } from "./rates";

const minute = (created: number, completed: number) => ({ created, completed, failed: 0, deadLettered: 0 });

test("a rate is that of the last five whole minutes", () => {
  const before = Array.from({ length: 54 }, () => minute(0, 0));
  const now = Array.from({ length: 5 }, () => minute(0, 235));
  expect(perMinute([...before, ...now, minute(0, 3)], "completed")).toBe(235);
  expect(perMinute([], "completed")).toBe(0);
});

const flow = (growth: number, ends: number, drainMs: number | null = null) => ({ growth, ends, drainMs });

test("a queue that grows says how fast, one that shrinks when it is empty", () => {
  expect(drain(flow(38, 12), 198)).toEqual({ text: "growing, +38/min", growing: true, drains: false });
  expect(drain(flow(-40, 50, 300_000), 200)).toEqual({ text: "about 5 min", growing: false, drains: true });
  expect(drain(flow(-40, 50, 9_000), 20).text).toBe("< 1 min");
  expect(drain(flow(0, 0), 0).text).toBe("none");
  expect(drain(flow(0, 0), 4).text).toBe("nothing ends");
  expect(drain(flow(0, 8), 4).text).toBe("not shrinking");
});

test("after a burst the estimate of the latest pace counts, not the growth of five minutes", () => {
  expect(drain(flow(38, 12, 120_000), 198)).toEqual({ text: "about 2 min", growing: false, drains: true });
});

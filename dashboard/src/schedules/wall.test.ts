import { expect, test } from "vitest";
import { wall } from "./wall";

test("a wall-clock time is that of the schedule's zone, whatever zone the browser is in", () => {
  expect(wall("2027-03-28T03:00:00+02:00")).toBe("Sun 28 Mar 03:00 +02:00");
  expect(wall("2026-04-05T01:45:00+10:30")).toBe("Sun 05 Apr 01:45 +10:30");
  expect(wall("2027-01-01T00:00:00+00:00")).toBe("Fri 01 Jan 00:00 +00:00");
});

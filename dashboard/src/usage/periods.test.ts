import { expect, test } from "vitest";
import { DAY } from "@/lib/time";
import { daysOf, readPeriod } from "./periods";

const NOW = Date.parse("2027-03-15T22:30:00Z");
const at = (text: string) => Date.parse(`${text}T00:00:00Z`);

test("months are months of the calendar in UTC, and other periods end today", () => {
  expect(daysOf("month", NOW)).toEqual({ from: at("2027-03-01") });
  expect(daysOf("last-month", NOW)).toEqual({ from: at("2027-02-01"), to: at("2027-03-01") });
  expect(daysOf("last-month", Date.parse("2027-01-31T23:59:00Z"))).toEqual({
    from: at("2026-12-01"),
    to: at("2027-01-01"),
  });
  expect(daysOf("7d", NOW)).toEqual({ from: at("2027-03-09") });
});

test("no period has a day of which no sum is kept, or more days than one answer has", () => {
  for (const period of ["month", "last-month", "7d", "30d", "90d"] as const)
    expect((NOW - daysOf(period, NOW).from) / DAY).toBeLessThan(92);
});

test("an unknown period of an old link is the present month", () => {
  expect(readPeriod("1y")).toBe("month");
  expect(readPeriod(undefined)).toBe("month");
  expect(readPeriod("30d")).toBe("30d");
});

import { DAY } from "@/lib/time";

export const PERIODS = ["month", "last-month", "7d", "30d", "90d"] as const;
export type Period = (typeof PERIODS)[number];

/**
 * Whole days in UTC, as the API counts them: the start of the first one and the end of the last one; without `to`, the
 * last one is today.
 */
export interface Days {
  from: number;
  to?: number;
}

export function readPeriod(text: string | undefined): Period {
  return PERIODS.find((one) => one === text) ?? "month";
}

export function daysOf(period: Period, now: number): Days {
  const date = new Date(now);
  const month = (back: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back, 1);
  if (period === "month") return { from: month(0) };
  if (period === "last-month") return { from: month(1), to: month(0) };
  return { from: today(now) - (Number.parseInt(period, 10) - 1) * DAY };
}

export function today(now: number): number {
  return now - (now % DAY);
}

/** Milliseconds of a day. Days are whole days in UTC, as the API counts them. */
export const DAY = 86_400_000;

export const PERIODS = ["month", "last-month", "7d", "30d", "90d"] as const;
export type Period = (typeof PERIODS)[number];

/** The start of the first day, and the end of the last one; without `to`, the last day is today. */
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

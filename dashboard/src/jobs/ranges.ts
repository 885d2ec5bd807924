import type { Range } from "@/api/metrics";
import { parseSpan } from "@/lib/time";
import type { JobsSearch } from "./search";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The last sixty minutes, minute by minute. */
export function lastHour(now = Date.now()): Range {
  return { from: floor(now, MINUTE) - HOUR, to: now, step: 60 };
}

export const CHART_SPANS = [
  ["1h", "1 h"],
  ["6h", "6 h"],
  ["24h", "24 h"],
  ["7d", "7 d"],
] as const;
export type ChartSpan = (typeof CHART_SPANS)[number][0];

/** What the charts show: the chosen span, up to now. */
export function chartRange(span: ChartSpan, now = Date.now()): Range {
  const length = parseSpan(span) ?? HOUR;
  const step = length > 6 * HOUR ? 3600 : 60;
  return { from: floor(now, step * 1000) - length, to: now, step };
}

/** The span of the charts that fits the table's range. */
export function spanFor(search: JobsSearch): ChartSpan {
  const spans: Record<string, ChartSpan> = { "6h": "6h", "24h": "24h", "7d": "7d" };
  return spans[search.range ?? ""] ?? "1h";
}

function floor(at: number, step: number): number {
  return Math.floor(at / step) * step;
}

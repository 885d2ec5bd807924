import type { Range } from "@/api/numbers/metrics";
import { DAY, parseSpan } from "@/lib/time";
import { CHART_SPANS, type ChartSpan, type JobsSearch } from "./search";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The name of `lastHour` in the cache, so that the charts, the numbers and the cards use one answer. */
export const HOUR_SPAN = "1h";

/** Return the last sixty minutes, in steps of a minute. */
export function lastHour(now = Date.now()): Range {
  return { from: floor(now, MINUTE) - HOUR, to: now, step: 60 };
}

/** The periods with their names: "1 h". */
export const SPAN_NAMES = CHART_SPANS.map((span) => [span, span.replace(/(\D)$/, " $1")] as const);

/** Return the chosen period up to now. */
export function chartRange(span: ChartSpan, now = Date.now()): Range {
  const length = parseSpan(span) ?? HOUR;
  const step = length > 6 * HOUR ? 3600 : 60;
  return { from: floor(now, step * 1000) - length, to: now, step };
}

/** Milliseconds back to the period with which a period is compared: the day before, or the week before a week. */
export function backTo(span: ChartSpan): number {
  return (parseSpan(span) ?? HOUR) > DAY ? 7 * DAY : DAY;
}

/** Return the values of an earlier period at the times of a later one; null where it has none. */
export function earlier<Point extends { t: number }>(
  times: readonly number[],
  points: readonly Point[],
  back: number,
  value: (point: Point) => number | null,
): (number | null)[] {
  const known = new Map(points.map((point) => [point.t + back, value(point)]));
  return times.map((at) => known.get(at) ?? null);
}

/** Return the period of the charts: the one in the URL, else the one that fits the table's range. */
export function spanFor({ span, range }: JobsSearch): ChartSpan {
  return span ?? CHART_SPANS.find((one) => one === range) ?? "1h";
}

function floor(at: number, step: number): number {
  return Math.floor(at / step) * step;
}

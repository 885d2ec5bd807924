import { queryOptions } from "@tanstack/react-query";
import { fetchSeries, type Range } from "./metrics";

/** Durations of one step that are longer than `low` and not longer than `high`, in milliseconds. */
export interface Cell {
  low: number;
  high: number;
  count: number;
}
export interface SpreadPoint {
  t: number;
  /** The shortest first. */
  cells: Cell[];
}

/** The lowest cell holds all that is not longer, so that an axis of powers has no cell of no height. */
const LEAST = 2;

/** How long the attempts of a type ran, step by step, by powers of two. */
export const runSpread = (type: string, span: string, range: () => Range) =>
  queryOptions({
    queryKey: ["series", "run_spread", type, span],
    queryFn: async ({ signal }) => {
      const wire = await fetchSeries("run_spread", type, range(), signal);
      return wire.points.flatMap((point): SpreadPoint[] =>
        "counts" in point ? [{ t: Date.parse(point.t), cells: cells(point.counts) }] : [],
      );
    },
  });

/** Return the cells of one step; what is up to `LEAST` ms is one cell. */
export function cells(counts: { up_to_ms: number; count: number }[]): Cell[] {
  const sums = new Map<number, number>();
  for (const { up_to_ms: top, count } of counts) {
    const high = Math.max(LEAST, top);
    sums.set(high, (sums.get(high) ?? 0) + count);
  }
  return [...sums].map(([high, count]) => ({ low: high / 2, high, count }));
}

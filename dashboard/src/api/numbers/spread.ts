import { queryOptions } from "@tanstack/react-query";
import { fetchSeries, type Range } from "./metrics";

/** The number of durations of one step that are longer than `low` and at most `high`, in milliseconds. */
export interface Cell {
  low: number;
  high: number;
  count: number;
}
export interface SpreadPoint {
  t: number;
  /** The shortest durations first. */
  cells: Cell[];
}

/**
 * The lowest cell contains all durations up to its upper limit: on a logarithmic axis, a cell that begins at 0 has no
 * height.
 */
const LEAST = 2;

/** The durations of a type's attempts in each step, grouped by powers of two. */
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

/** Return the cells of one step; all durations up to `LEAST` ms are in one cell. */
export function cells(counts: { up_to_ms: number; count: number }[]): Cell[] {
  const sums = new Map<number, number>();
  for (const { up_to_ms: top, count } of counts) {
    const high = Math.max(LEAST, top);
    sums.set(high, (sums.get(high) ?? 0) + count);
  }
  return [...sums].map(([high, count]) => ({ low: high / 2, high, count }));
}

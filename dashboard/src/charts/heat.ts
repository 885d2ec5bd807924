import type { Cell, SpreadPoint } from "@/api/numbers/spread";

/** The least strength of a cell, so that a single job is seen. */
const FAINTEST = 0.18;

/** Return how strong a cell is drawn, 0 to 1. By the root: linear, one busy minute would leave all others pale. */
export function strength(count: number, most: number): number {
  return most <= 0 ? 0 : FAINTEST + (1 - FAINTEST) * Math.sqrt(count / most);
}

/** Return the largest count of any cell; 0 of none. */
export function largest(points: SpreadPoint[]): number {
  return points.reduce((most, { cells }) => cells.reduce((sum, cell) => Math.max(sum, cell.count), most), 0);
}

/** Return the edges of what is drawn in each step, for the axis; null where there is nothing. */
export function edges(points: SpreadPoint[]): { low: (number | null)[]; high: (number | null)[] } {
  return {
    low: points.map(({ cells }) => cells[0]?.low ?? null),
    high: points.map(({ cells }) => cells.at(-1)?.high ?? null),
  };
}

/** Cells that a tip lists; of more, the fullest ones. */
const MOST = 6;

/** Return the cells that a tip lists, the longest durations first. */
export function listed(cells: Cell[]): Cell[] {
  const full = [...cells].sort((a, b) => b.count - a.count).slice(0, MOST);
  return full.sort((a, b) => b.high - a.high);
}

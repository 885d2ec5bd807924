import type { Cell, SpreadPoint } from "@/api/numbers/spread";

/** The lowest strength of a cell, so that a single job is visible. */
const FAINTEST = 0.18;

/**
 * Return how strong the colour of a cell is, 0 to 1. The square root is used: with a linear scale, one busy minute
 * would make all other cells pale.
 */
export function strength(count: number, most: number): number {
  return most <= 0 ? 0 : FAINTEST + (1 - FAINTEST) * Math.sqrt(count / most);
}

/** Return the largest count of any cell; 0 without cells. */
export function largest(points: SpreadPoint[]): number {
  return points.reduce((most, { cells }) => cells.reduce((sum, cell) => Math.max(sum, cell.count), most), 0);
}

/** Return the lowest and the highest drawn edge of each step, for the axis; null for an empty step. */
export function edges(points: SpreadPoint[]): { low: (number | null)[]; high: (number | null)[] } {
  return {
    low: points.map(({ cells }) => cells[0]?.low ?? null),
    high: points.map(({ cells }) => cells.at(-1)?.high ?? null),
  };
}

/** Maximum number of cells in a tip; of more cells, the ones with the highest counts are listed. */
const MOST = 6;

/** Return the cells that a tip lists, the longest durations first. */
export function listed(cells: Cell[]): Cell[] {
  const full = [...cells].sort((a, b) => b.count - a.count).slice(0, MOST);
  return full.sort((a, b) => b.high - a.high);
}

import { spell } from "@/lib/time";

/** Milliseconds: the lowest value on a logarithmic axis. */
export const LEAST = 1;

/** The marks of a logarithmic axis of durations: lengths that a person counts in. */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MARKS = [
  LEAST, 10, 100, SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, 10 * HOUR, DAY, 10 * DAY, 100 * DAY,
]; // prettier-ignore

/** Return the marks between which all durations are; at least two steps apart. */
export function bounds(low: number | null, high: number | null): [number, number] {
  const bottom = Math.max(
    0,
    MARKS.findLastIndex((mark) => mark <= (low ?? LEAST)),
  );
  const found = MARKS.findIndex((mark) => mark >= (high ?? LEAST));
  const top = Math.max(found < 0 ? MARKS.length - 1 : found, bottom + 2);
  const last = Math.min(top, MARKS.length - 1);
  return [MARKS[Math.min(bottom, last - 2)] ?? LEAST, MARKS[last] ?? 100 * DAY];
}

/** Return the marks from `low` to `high`. */
export function marks(low: number, high: number): number[] {
  return MARKS.filter((mark) => mark >= low && mark <= high);
}

/** Marks that fit above each other. */
const MOST_NAMES = 5;

/** Return the marks in one unit each, which fits beside the axis: "100 ms", "10 s", "1 min". */
export function markNames(all: number[]): string[] {
  const every = Math.ceil(all.length / MOST_NAMES);
  return all.map((ms, at) => (at % every ? "" : ms < SECOND ? `${ms} ms` : spell(ms)));
}

/** The width of the left axis that most charts need, so that the plots below each other begin at one place. */
const AXIS = 48;
/** The width of a character of the axis, in pixels: 11 px monospace. */
const CHARACTER = 6.7;

/** Return the width of the left axis, in pixels, in which the longest of its names fits. */
export function axisWidth(names: readonly (string | number)[], gap: number): number {
  const longest = Math.max(0, ...names.map((name) => String(name).length));
  return Math.max(AXIS, Math.ceil(longest * CHARACTER) + gap);
}

/**
 * Return the start of the unfinished step, in milliseconds: the step that contains `now`; null if all steps have ended.
 */
export function unfinished(times: number[], step: number, now: number): number | null {
  const last = times.at(-1);
  return last !== undefined && last <= now && now < last + step ? last : null;
}

/** Return the indexes of values without a value before and after them: they form no line, so they are drawn as dots. */
export function lonely(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values).flatMap((value, at, all) =>
    value != null && all[at - 1] == null && all[at + 1] == null ? [at] : [],
  );
}

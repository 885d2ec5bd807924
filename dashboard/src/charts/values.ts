import { DAY, spell } from "@/lib/time";

/** Milliseconds: the lowest value on a logarithmic axis. */
export const LEAST = 1;

/** The marks of a logarithmic axis of durations: lengths that a person counts in. */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
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

/** The height of a name as a part of the axis: 11 of 58 pixels. */
const NAME_SHARE = 11 / 58;

/**
 * Return the marks in one unit each, which fits beside the axis: "100 ms", "10 s", "1 min". A mark whose name would cover
 * the one below it has none.
 */
export function markNames(all: number[]): string[] {
  const [low, high] = [Math.log(all[0] ?? LEAST), Math.log(all.at(-1) ?? LEAST)];
  let below = -Infinity;
  return all.map((ms) => {
    const place = (Math.log(ms) - low) / Math.max(Number.EPSILON, high - low);
    if (place - below < NAME_SHARE) return "";
    below = place;
    return ms < SECOND ? `${ms} ms` : spell(ms);
  });
}

/** Pixels from the left end of the axis of times, in which a name would touch the names of the other axis. */
const CORNER = 20;

/** Return true if a name at `at`, of an axis from `from` to `to` that is `width` pixels wide, would touch those beside it. */
export function inCorner(at: number, from: number, to: number, width: number): boolean {
  return ((at - from) / Math.max(1, to - from)) * width < CORNER;
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

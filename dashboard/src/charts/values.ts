/** Milliseconds: the lowest value on a logarithmic axis. */
export const LEAST = 1;

/** Return the powers of ten between which all values are; at least two decades. */
export function decades(low: number | null, high: number | null): [number, number] {
  const bottom = 10 ** Math.floor(Math.log10(Math.max(low ?? LEAST, LEAST)));
  const top = 10 ** Math.ceil(Math.log10(Math.max(high ?? LEAST, LEAST)));
  return [bottom, Math.max(top, bottom * 100)];
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

/** Return the powers of ten from `low` to `high`, both of which are powers of ten. */
export function powersOfTen(low: number, high: number): number[] {
  const found: number[] = [];
  for (let at = low; at <= high; at *= 10) found.push(at);
  return found;
}

/** Milliseconds: the lowest value that a logarithmic axis shows. */
export const LEAST = 1;

/** Return the powers of ten that hold the values; two decades at least. */
export function decades(low: number | null, high: number | null): [number, number] {
  const bottom = 10 ** Math.floor(Math.log10(Math.max(low ?? LEAST, LEAST)));
  const top = 10 ** Math.ceil(Math.log10(Math.max(high ?? LEAST, LEAST)));
  return [bottom, Math.max(top, bottom * 100)];
}

/** Return where the unfinished step begins, in milliseconds: the one that holds `now`; null when all are finished. */
export function unfinished(times: number[], step: number, now: number): number | null {
  const last = times.at(-1);
  return last !== undefined && last <= now && now < last + step ? last : null;
}

/** Return the places of values with none on either side: they make no line, so they are drawn as dots. */
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

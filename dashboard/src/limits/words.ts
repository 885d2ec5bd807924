import type { Limit } from "@/api/limits";
import { count } from "@/texts/numbers";
import { t } from "@/texts/en/limits";

/** Say what a limit counts together. */
export function counts({ shared, by, types, per }: Limit): string {
  if (per !== null && by !== null) return shared ? t.rateEachTogether(by, types.length) : t.rateEach(by);
  if (by === null) return shared ? t.allTogether(types.length) : t.allOfType;
  return shared ? t.eachTogether(by, types.length) : t.each(by);
}

/** Name a limit, with its value if it has one. */
export function nameOf({ label, value }: Limit): string {
  return value === null ? label : `${label} · ${value}`;
}

/** Return the address of a limit. */
export function addressOf({ name, value }: Pick<Limit, "name" | "value">) {
  return { of: name, ...(value !== null && { value }) };
}

/** Return whether the limit itself was changed, and not all values of its field together. */
export function hasOwnChange({ changed, value }: Limit): boolean {
  return changed !== null && changed.value === value;
}

/** Return how many jobs wait, as short as a cell; null if none waits. */
export function waitingOf({ waits, waiting, waitingMore }: Limit): string | null {
  if (waiting === null) return waits ? t.someWait : null;
  if (waiting === 0) return null;
  return waitingMore ? t.countMore(waiting) : count(waiting);
}

/** Say a number of a limit: 5, or 10 a minute. */
export function numberOf(n: number, per: number | null): string {
  return per === null ? count(n) : t.startsIn(n, per);
}

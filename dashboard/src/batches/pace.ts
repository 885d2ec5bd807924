import type { BatchRound, Seen } from "@/api/jobs/batches";

/** How fast the members of a round end. */
export interface Pace {
  perSecond: number;
  /** Milliseconds until all members have ended, at this rate; null if this is not known, or the round has ended. */
  left: number | null;
}

/** Milliseconds that must lie between two answers before a rate is computed from them. */
const SHORTEST = 20_000;
/**
 * There is no estimated end while no member has ended for a minute, and for as long as this number of members takes at the
 * rate: the others probably wait for something.
 */
const SILENT = 60_000;
const MISSED = 5;
/** Milliseconds without a change, after which the page says so. */
const QUIET = 300_000;

/**
 * Return the rate of the last two minutes, if the page has watched the round for long enough and members have ended in
 * this time; else the rate since the round was opened. Null while no member has ended.
 */
export function paceOf(round: BatchRound, seen: readonly Seen[], now: number): Pace | null {
  const { done, total, openedAt, endedAt } = round;
  if (done === 0) return null;
  if (endedAt !== null) return { perSecond: rate(done, endedAt - openedAt), left: null };
  const mine = seen.filter((one) => one.round === round.round);
  const [first] = mine;
  const last = mine.at(-1);
  const recent =
    first && last && last.at - first.at >= SHORTEST && last.done > first.done
      ? rate(last.done - first.done, last.at - first.at)
      : null;
  const perSecond = recent ?? rate(done, now - openedAt);
  const silent = now - round.updatedAt > Math.max(SILENT, (MISSED * 1000) / perSecond);
  const left = total === null || silent ? null : (Math.max(0, total - done) / perSecond) * 1000;
  return { perSecond, left };
}

const rate = (n: number, ms: number): number => (n * 1000) / Math.max(1000, ms);

/** Return since when no member has ended, if this is so for minutes and the round has not ended; else null. */
export function quietSince(round: BatchRound, now: number): number | null {
  return round.endedAt === null && round.closedAt !== null && now - round.updatedAt >= QUIET
    ? round.updatedAt
    : null;
}

/** Return a rate in the unit in which it is at least 1: a second, a minute, an hour or a day. */
export function inUnit(perSecond: number): { n: number; unit: "second" | "minute" | "hour" | "day" } {
  if (perSecond >= 1) return { n: perSecond, unit: "second" };
  if (perSecond * 60 >= 1) return { n: perSecond * 60, unit: "minute" };
  if (perSecond * 3600 >= 1) return { n: perSecond * 3600, unit: "hour" };
  return { n: perSecond * 86_400, unit: "day" };
}

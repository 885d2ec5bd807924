import type { Firing, LastFiring, MissedFiring, Schedule } from "@/api/queues/schedules";
import { DAY } from "@/lib/time";
import { t } from "@/texts/en/schedules";

/** A firing in the week: one that made a job, one that did not, or one that comes. */
export type Cell =
  (LastFiring & { kind: "ran" }) | (MissedFiring & { kind: "missed" }) | (Firing & { kind: "next" });

export interface Day {
  /** The date in the schedule's zone: "2026-11-25". */
  date: string;
  weekday: string;
  day: string;
  /** The oldest first. */
  cells: Cell[];
  /** The number of older firings of this day that are not in `cells`. */
  more: number;
  /** The firings of this day are not known. */
  unknown: boolean;
}

const DAYS = 7;
/** Firings of a day that are shown. */
const MOST = 6;
/** Firings of each kind in a list of schedules, at most: a list with so many may lack older ones. */
const MOST_LISTED = 14;

/** Return the oldest firing from which on all are known; null if all are known. */
export function knownFrom({ last, missed }: Schedule): Firing | null {
  const lists: Firing[][] = [last, missed];
  const oldest = lists.flatMap((list) => (list.length < MOST_LISTED ? [] : list.slice(-1)));
  return oldest.sort((a, b) => b.at - a.at)[0] ?? null;
}

/** Return the last seven days in the schedule's zone, today last, each with its firings. */
export function weekOf(schedule: Schedule, now: number): Day[] {
  const { last, missed, next } = schedule;
  const known = knownFrom(schedule)?.local.slice(0, 10) ?? "";
  const all: Cell[] = [
    ...last.map((one) => ({ ...one, kind: "ran" as const })),
    ...missed.map((one) => ({ ...one, kind: "missed" as const })),
    ...next
      .filter(({ at }) => !last.some((one) => one.at === at))
      .map((one) => ({ ...one, kind: "next" as const })),
  ].sort((a, b) => a.at - b.at);
  const today = now + offsetOf(all[all.length - 1]?.local ?? "");
  return Array.from({ length: DAYS }, (_, back): Day => {
    const at = today - (DAYS - 1 - back) * DAY;
    const date = new Date(at).toISOString().slice(0, 10);
    const cells = all.filter(({ local }) => local.startsWith(date));
    // What has happened today is more important than what comes.
    const kept = cells.filter(({ kind }) => kind !== "next").slice(-MOST);
    const coming = cells.filter(({ kind }) => kind === "next").slice(0, MOST - kept.length);
    return {
      date,
      weekday: t.weekdays[new Date(at).getUTCDay()] ?? "",
      day: date.slice(8),
      cells: [...kept, ...coming],
      more: cells.length - kept.length - coming.length,
      unknown: date < known && cells.length === 0,
    };
  });
}

/** Return the milliseconds from UTC to the zone of a local time: "…+01:00" is an hour. */
function offsetOf(local: string): number {
  const found = /([+-])(\d\d):(\d\d)$/.exec(local);
  if (!found) return 0;
  return (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3])) * 60_000;
}

/** Why firings did not run, in words: one line for each reason, with the number of firings and the newest of them. */
export function gapsInWords({ last, missed, problem }: Schedule): { text: string; newest: Firing }[] {
  const found = new Map<string, Firing[]>();
  const more = missed.length >= MOST_LISTED;
  const add = (why: string, one: Firing) => found.set(why, [...(found.get(why) ?? []), one]);
  for (const one of missed) add(one.reason === "refused" && problem ? problem : t.reasons[one.reason], one);
  for (const one of last) if (one.skipped) add(t.skippedBecause, one);
  return [...found].flatMap(([why, [newest, ...older]]) =>
    newest ? [{ text: t.didNotRun(older.length + 1, why, more), newest }] : [],
  );
}

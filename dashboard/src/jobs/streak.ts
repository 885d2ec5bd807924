import type { LastFiring, Schedule } from "@/api/queues/schedules";
import { isFailed } from "./status";

/** Return the newest firings that failed one after another, up to the first that ended otherwise; the newest first. */
export function failingStreak({ last }: Schedule): LastFiring[] {
  const ended = last.filter(({ status, skipped }) => skipped || (status !== null && !OPEN.includes(status)));
  const other = ended.findIndex(({ status }) => status === null || !isFailed(status));
  return other < 0 ? ended : ended.slice(0, other);
}

const OPEN: readonly string[] = ["queued", "scheduled", "processing", "retrying", "suspended", "blocked"];

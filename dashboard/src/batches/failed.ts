import type { Batch, BatchRound } from "@/api/jobs/batches";
import type { Found } from "@/api/jobs/jobs";
import { isFailed } from "@/jobs/status";

/**
 * Return how many members are failed now, as far as the rounds tell; null if some may be. A later round does not say how
 * many of its members had failed: cancelled members can be retried too.
 */
export function failedIn(rounds: readonly BatchRound[]): number | null {
  const all = rounds[0]?.round === 1;
  if (all && rounds.every(({ failed }) => failed === 0)) return 0;
  return all && rounds.length === 1 ? (rounds[0]?.failed ?? null) : null;
}

/** Return how many of the loaded members are failed; null if there are other members. */
export function failedAmong({ jobs, more }: Found): number | null {
  const failed = jobs.filter(({ status }) => isFailed(status));
  return more ? null : failed.length;
}

/** The same for a row of the list, which has only the newest round. */
export function failedInRow({ newest: { round, failed } }: Batch): number | null {
  return round === 1 || failed > 0 ? failed : null;
}

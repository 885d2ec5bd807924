import { createStore } from "@/lib/store";

/** The time of the last change, in milliseconds: an action in this console, or a changed answer of /metrics. */
export const movement = createStore(Date.now());

export function moved(): void {
  movement.set(Date.now());
}

/** Numbers of jobs by status, in total and by type. */
interface Counts {
  byStatus: Record<string, number>;
  byType: Record<string, { paused: boolean; byStatus: Record<string, number> }>;
}

/**
 * Return true while jobs run or wait in a queue that is not paused, or if the counts differ from the previous counts.
 */
export function moves(before: Counts | null, now: Counts): boolean {
  const types = Object.values(now.byType);
  if (some(now.byStatus.processing) || types.some((type) => !type.paused && some(type.byStatus.queued)))
    return true;
  return before !== null && JSON.stringify(before.byStatus) !== JSON.stringify(now.byStatus);
}

const some = (count: number | undefined) => (count ?? 0) > 0;

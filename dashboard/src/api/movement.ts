import { createStore } from "@/lib/store";

/** When something last changed, in milliseconds: an action of this console, or another answer of /metrics. */
export const movement = createStore(Date.now());

export function moved(): void {
  movement.set(Date.now());
}

/** Numbers of jobs by status, as a whole and by type. */
interface Counts {
  byStatus: Record<string, number>;
  byType: Record<string, { paused: boolean; byStatus: Record<string, number> }>;
}

/** Return true while jobs run or wait in a queue that is not paused, or when the counts differ from those before. */
export function moves(before: Counts | null, now: Counts): boolean {
  const types = Object.values(now.byType);
  if (some(now.byStatus.processing) || types.some((type) => !type.paused && some(type.byStatus.queued)))
    return true;
  return before !== null && JSON.stringify(before.byStatus) !== JSON.stringify(now.byStatus);
}

const some = (count: number | undefined) => (count ?? 0) > 0;

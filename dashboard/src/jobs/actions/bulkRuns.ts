import type { QueryClient } from "@tanstack/react-query";
import { bulkRuns, startBulk, type BulkRun } from "@/api/jobs/bulkActions";
import type { BulkTally } from "@/api/jobs/bulk";
import { createStore } from "@/lib/store";
import { actionOf, refresh, type ManyAsk } from "./actions";
import { changing } from "./bulkWords";
import { report } from "./outcome";
import type { JobAction } from "@/jobs/status";

/** Bulk actions that were requested, but that the platform has not stored yet. */
export const starting = createStore<readonly { key: number; action: JobAction; expected: number | null }[]>(
  [],
);

let last = 0;

/** Let the platform begin the action; it changes the first jobs before it answers. */
export async function start(question: ManyAsk, counted: BulkTally | null, client: QueryClient) {
  const action = actionOf(question);
  const redrive = question.kind === "redrive";
  const target = redrive
    ? { filter: { status: "dead_letter" as const, type: question.type } }
    : question.target;
  const expected = redrive ? question.count : counted && changing(counted);
  const key = ++last;
  starting.update((now) => [...now, { key, action, expected }]);
  try {
    const begun = await startBulk(action, target, expected, question);
    client.setQueryData<BulkRun[]>(bulkRuns().queryKey, (known = []) => [...begun.reverse(), ...known]);
  } catch (error) {
    report(error);
  } finally {
    starting.update((now) => now.filter((one) => one.key !== key));
    await refresh(client);
  }
}

/** Milliseconds for which the result of a bulk action is shown, unless it is dismissed. */
const SHOWN_MS = 15 * 60_000;

/** Return the bulk actions to show: running ones of all operators, and new results that were not dismissed. */
export function shown(runs: BulkRun[], dismissed: readonly string[], now: number): BulkRun[] {
  return runs.filter(
    ({ id, finishedAt }) => finishedAt === null || (now - finishedAt < SHOWN_MS && !dismissed.includes(id)),
  );
}

const KEY = "jobflow.bulk.dismissed";
const MOST_KEPT = 50;

/** The ids of dismissed results, in all tabs of this browser. */
export const dismissed = createStore<readonly string[]>(read());

export function dismiss(id: string): void {
  dismissed.update((now) => [...now, id].slice(-MOST_KEPT));
  try {
    localStorage.setItem(KEY, JSON.stringify(dismissed.get()));
  } catch {
    // A browser without storage shows the result again after a reload.
  }
}

function read(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.map(String) : [];
  } catch {
    return [];
  }
}

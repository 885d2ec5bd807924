import { queryOptions } from "@tanstack/react-query";
import { which, type BulkAction, type BulkTarget } from "./bulk";
import type { Which } from "jobflow-aws";
import { ask } from "@/api/client";
import { because } from "@/api/reason";
import type { JsonObject } from "@/lib/json";
import { isStatus } from "@/api/numbers/errors";
import type { WireBulkAction } from "@/api/wire";

/** A bulk action that the platform processes. Times in milliseconds. */
export interface BulkRun {
  id: string;
  action: BulkAction;
  state: WireBulkAction["state"];
  /** The number of jobs that the operator saw before the start; null if the jobs were not counted. */
  expected: number | null;
  matched: number;
  done: number;
  skipped: number;
  reasons: { reason: string; jobs: number; samples: string[] }[];
  perSecond: number | null;
  /** The filter by name; null for a list of ids. */
  filter: Record<string, string> | null;
  /** The other values for fields of the payloads, by their paths; null without such values. */
  edit: JsonObject | null;
  startedBy: string;
  startedAt: number;
  finishedAt: number | null;
  problem: string | null;
}

function toRun(wire: WireBulkAction): BulkRun {
  return {
    id: wire.id,
    action: wire.action as BulkAction,
    state: wire.state,
    expected: wire.expected,
    matched: wire.matched,
    done: wire.done,
    skipped: wire.skipped,
    reasons: wire.reasons.map(({ reason, jobs, sample_job_ids }) => ({
      reason,
      jobs,
      samples: sample_job_ids,
    })),
    perSecond: wire.per_second,
    filter: wire.filter,
    edit: wire.edit as JsonObject | null,
    startedBy: wire.started_by,
    startedAt: Date.parse(wire.started_at),
    finishedAt: wire.finished_at === null ? null : Date.parse(wire.finished_at),
    problem: wire.problem,
  };
}

/** The newest bulk actions of all operators, newest first, without those that only counted jobs. */
export const bulkRuns = () =>
  queryOptions({
    queryKey: ["bulk"],
    retry: false,
    queryFn: async ({ signal }) => {
      const { bulk_actions } = await ask("get", "/bulk", { signal });
      return bulk_actions.filter((one) => !one.dry_run).map(toRun);
    },
  });

export const bulkRun = (id: string) =>
  queryOptions({
    queryKey: ["bulk", id],
    retry: (times, error) => !isStatus(error, 404) && times < 2,
    queryFn: async ({ signal }) =>
      toRun(await ask("get", "/bulk/{bulk_id}", { path: { bulk_id: id }, signal })),
  });

/** Maximum number of job ids in one bulk action. */
const MOST_LISTED = 1000;

/**
 * Start the action; the platform continues it. A list with more ids than one action may have becomes several actions.
 */
export async function startBulk(
  action: BulkAction,
  target: BulkTarget,
  expected: number | null,
  { reason, edit }: { reason?: string | undefined; edit?: JsonObject | undefined } = {},
): Promise<BulkRun[]> {
  const post = async (part: Which & { expected?: number }) =>
    toRun(
      await ask("post", "/bulk", {
        body: { action, ...because(reason), ...(edit && { edit }), ...part },
      }),
    );
  if ("filter" in target)
    return [await post({ ...which(target.filter), ...(expected !== null && { expected }) })];
  const started: BulkRun[] = [];
  for (let at = 0; at < target.ids.length; at += MOST_LISTED)
    started.push(await post({ ids: target.ids.slice(at, at + MOST_LISTED) }));
  return started;
}

export async function stopBulk(id: string, reason?: string): Promise<BulkRun> {
  return toRun(await ask("post", "/bulk/{bulk_id}/stop", { path: { bulk_id: id }, body: because(reason) }));
}

const LOOK_MS = 1000;
/** Maximum number of failed requests in a row: a count that takes minutes must not end because of one lost answer. */
const MOST_FAILED = 4;

/**
 * Let the platform count the jobs that the action would change, however many they are, and report the progress to
 * `onLook`. Stop when the signal is aborted.
 */
export async function countBulk(
  action: BulkAction,
  target: BulkTarget,
  signal: AbortSignal,
  onLook: (soFar: number) => void,
  edit?: JsonObject,
): Promise<BulkRun> {
  const part = "filter" in target ? which(target.filter) : target;
  let run = toRun(
    await ask("post", "/bulk", { body: { action, dry_run: true, ...(edit && { edit }), ...part } }),
  );
  let failed = 0;
  try {
    while (run.finishedAt === null) {
      onLook(run.matched - run.skipped);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      signal.throwIfAborted();
      try {
        run = toRun(await ask("get", "/bulk/{bulk_id}", { path: { bulk_id: run.id }, signal }));
        failed = 0;
      } catch (error) {
        if (signal.aborted || ++failed === MOST_FAILED) throw error;
      }
    }
  } finally {
    if (run.finishedAt === null) void stopBulk(run.id).catch(() => undefined);
  }
  return run;
}

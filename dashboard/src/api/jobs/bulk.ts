import type { BulkTally as Tally, JobFilter as WireFilter, Schemas, Which } from "jobflow-aws";
import { ask } from "@/api/client";
import type { JobFilter } from "./jobs";

export type BulkAction = "retry" | "cancel" | "discard";
/** These jobs, or all jobs that match a filter and whose status allows the action. */
export type BulkTarget = { ids: string[] } | { filter: JobFilter };

export type BulkTally = Tally & { more: boolean };

const STEP = 100;
const NOTHING: BulkTally = { matched: 0, done: 0, skipped: [], more: false };

/** Maximum number of requests for one preview: this counts 2,000 matching jobs exactly. */
const PREVIEW_STEPS = 20;

/**
 * Count the jobs that the action would change, without changing them. `more` is true if the count stopped after
 * `PREVIEW_STEPS` requests.
 */
export async function previewBulk(
  action: BulkAction,
  target: BulkTarget,
  signal?: AbortSignal,
): Promise<BulkTally> {
  let sum = NOTHING;
  for (const part of parts(target)) {
    let cursor: string | null = null;
    let left = PREVIEW_STEPS;
    do {
      const body = { action, dry_run: true, ...part, cursor: cursor ?? undefined };
      // A step may find no job although there is a next step: each step continues where the previous step stopped.
      const step: Schemas["BulkAnswer"] = await ask("post", "/jobs/bulk", { body, signal });
      // `more` of the sum is `more` of the last request, because the earlier requests were continued.
      sum = { ...add(sum, step), more: step.more };
      cursor = step.next_cursor;
    } while (cursor !== null && --left > 0);
  }
  return sum;
}

function parts(target: BulkTarget): (Which & { limit?: number })[] {
  if ("filter" in target) return [{ ...which(target.filter), limit: STEP }];
  const steps: Which[] = [];
  for (let at = 0; at < target.ids.length; at += STEP) steps.push({ ids: target.ids.slice(at, at + STEP) });
  return steps;
}

/** Return the part of a request that selects its jobs: the filter, or `everything`. The API refuses an empty filter. */
export function which(filter: JobFilter): Which {
  const wire = toWire(filter);
  return Object.keys(wire).length > 0 ? { filter: wire } : { everything: true };
}

function toWire(filter: JobFilter): WireFilter {
  const { status, type, tag, idPrefix, error, fingerprint, payload, tenant } = filter;
  const { createdAfter, createdBefore, finishedAfter, finishedBefore } = filter;
  return {
    ...(status && { status }),
    ...(type && { type }),
    ...(tag && { tag }),
    ...(idPrefix && { id_prefix: idPrefix }),
    ...(error && { error }),
    ...(fingerprint && { fingerprint }),
    ...(payload && { payload }),
    ...(tenant && { tenant }),
    ...(createdAfter !== undefined && { created_after: new Date(createdAfter).toISOString() }),
    ...(createdBefore !== undefined && { created_before: new Date(createdBefore).toISOString() }),
    ...(finishedAfter !== undefined && { finished_after: new Date(finishedAfter).toISOString() }),
    ...(finishedBefore !== undefined && { finished_before: new Date(finishedBefore).toISOString() }),
  };
}

function add(sum: BulkTally, step: Schemas["BulkAnswer"]): BulkTally {
  return {
    matched: sum.matched + step.matched,
    done: sum.done + step.done,
    skipped: [...sum.skipped, ...step.skipped],
    more: sum.more || step.more,
  };
}

import type { BulkTally as Tally, JobFilter as WireFilter, Schemas, Which } from "jobflow-aws";
import { ask } from "@/api/client";
import type { JsonObject } from "@/lib/json";
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
  edit?: JsonObject,
): Promise<BulkTally> {
  let sum = NOTHING;
  for (const part of parts(target)) {
    let cursor: string | null = null;
    let left = PREVIEW_STEPS;
    do {
      const body = { action, dry_run: true, ...part, ...(edit && { edit }), cursor: cursor ?? undefined };
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

/**
 * The name of each filter in the request of a bulk action; null if no bulk action can have it. A filter without an entry
 * is a type error, because a bulk action without one of its filters would change more jobs than those on the screen.
 */
const NAMES = {
  status: "status",
  type: "type",
  tag: "tag",
  idPrefix: "id_prefix",
  error: "error",
  fingerprint: "fingerprint",
  payload: "payload",
  tenant: "tenant",
  schedule: "schedule",
  batch: "batch",
  round: "round",
  parent: null,
  createdAfter: "created_after",
  createdBefore: "created_before",
  finishedAfter: "finished_after",
  finishedBefore: "finished_before",
} as const satisfies Record<keyof JobFilter, keyof WireFilter | null>;

/** The filters that are times. */
const TIMES: readonly string[] = [
  "createdAfter",
  "createdBefore",
  "finishedAfter",
  "finishedBefore",
] satisfies (keyof JobFilter)[];

function toWire(filter: JobFilter): WireFilter {
  const wire: Record<string, string | number> = {};
  for (const [name, as] of Object.entries(NAMES)) {
    const value = filter[name as keyof JobFilter];
    if (value === undefined || value === "") continue;
    if (as === null) throw new Error(`no bulk action is limited by ${name}`);
    wire[as] = TIMES.includes(name) ? new Date(value).toISOString() : value;
  }
  return wire;
}

function add(sum: BulkTally, step: Schemas["BulkAnswer"]): BulkTally {
  return {
    matched: sum.matched + step.matched,
    done: sum.done + step.done,
    skipped: [...sum.skipped, ...step.skipped],
    more: sum.more || step.more,
  };
}

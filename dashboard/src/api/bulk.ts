import { request } from "./client";
import type { JobFilter } from "./jobs";
import type { WireBulk, WireBulkFilter } from "./wire";

export type BulkAction = "retry" | "cancel";
/** Either these jobs, or every job that matches and that the action is legal for. */
export type BulkTarget = { ids: string[] } | { filter: JobFilter };

export interface BulkTally {
  matched: number;
  done: number;
  skipped: { id: string; reason: string }[];
  more: boolean;
}

const STEP = 100;
const NOTHING: BulkTally = { matched: 0, done: 0, skipped: [], more: false };

/** Requests for one preview: 2,000 jobs that match are counted exactly. */
const PREVIEW_STEPS = 20;

/** Count what the action would do, without doing it. `more` says that the count stopped at `PREVIEW_STEPS` requests. */
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
      const body = post({ action, dry_run: true, ...part, ...from(cursor) });
      const step: WireBulk = await request<WireBulk>("/jobs/bulk", { ...body, signal });
      // `more` of the sum is that of the last request: the ones before it were followed.
      sum = { ...add(sum, step), more: step.more };
      cursor = step.next_cursor;
    } while (cursor !== null && --left > 0);
  }
  return sum;
}

/** Run the action a hundred jobs at a time and report each step; stop between steps when the signal is aborted. */
export async function runBulk(
  action: BulkAction,
  target: BulkTarget,
  onStep: (sum: BulkTally) => void,
  signal: AbortSignal,
): Promise<BulkTally> {
  let sum = NOTHING;
  for (const part of parts(target)) {
    let cursor: string | null = null;
    do {
      if (signal.aborted) return sum;
      const step: WireBulk = await request<WireBulk>(
        "/jobs/bulk",
        post({ action, ...part, ...from(cursor) }),
      );
      sum = add(sum, step);
      onStep(sum);
      cursor = step.next_cursor;
    } while (cursor !== null);
  }
  return sum;
}

/** Send the messages of a type's dead-letter queue back to work, a hundred at a time. */
export async function redrive(
  type: string,
  onStep: (sum: BulkTally) => void,
  signal: AbortSignal,
): Promise<BulkTally> {
  let sum = NOTHING;
  let cursor: string | null = null;
  do {
    if (signal.aborted) return sum;
    const body = { type, limit: STEP, ...from(cursor) };
    const step: WireBulk = await request<WireBulk>("/dead-letters/redrive", post(body));
    sum = add(sum, step);
    onStep(sum);
    cursor = step.next_cursor;
  } while (cursor !== null);
  return sum;
}

/** A step may find nothing and still have a next one: each goes on where the one before stopped looking. */
function from(cursor: string | null): { cursor?: string } {
  return cursor === null ? {} : { cursor };
}

function post(body: object) {
  return { method: "POST" as const, body };
}

function parts(target: BulkTarget): object[] {
  if ("filter" in target) return [{ filter: toWire(target.filter), limit: STEP }];
  const steps: object[] = [];
  for (let at = 0; at < target.ids.length; at += STEP) steps.push({ ids: target.ids.slice(at, at + STEP) });
  return steps;
}

function toWire(filter: JobFilter): WireBulkFilter {
  const { status, type, tag, idPrefix, error, fingerprint, createdAfter, createdBefore, payload } = filter;
  return {
    ...(status && { status }),
    ...(type && { type }),
    ...(tag && { tag }),
    ...(idPrefix && { id_prefix: idPrefix }),
    ...(error && { error }),
    ...(fingerprint && { fingerprint }),
    ...(payload && { payload }),
    ...(createdAfter !== undefined && { created_after: new Date(createdAfter).toISOString() }),
    ...(createdBefore !== undefined && { created_before: new Date(createdBefore).toISOString() }),
  };
}

function add(sum: BulkTally, step: WireBulk): BulkTally {
  return {
    matched: sum.matched + step.matched,
    done: sum.done + step.done,
    skipped: [...sum.skipped, ...step.skipped],
    more: sum.more || step.more,
  };
}

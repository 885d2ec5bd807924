import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Json } from "@/lib/json";
import { toAct, type OperatorAct } from "./acts";
import { ask } from "@/api/client";
import type { JobStatus, Priority, WireAttempt, WireDetail, WireJob } from "@/api/wire";

export type { OperatorAct } from "./acts";
export type { JobStatus } from "@/api/wire";

/** A job as the screens use it. Times in milliseconds since the epoch. */
export interface Job {
  id: string;
  type: string;
  status: JobStatus;
  payload: Json;
  payloadBytes: number;
  /** When payload, result and steps were removed, because the type does not keep them as long as the job. */
  payloadRemovedAt?: number | null;
  attempts: number;
  maxAttempts: number;
  gen: number;
  errorMessage: string | null;
  errorClass: string | null;
  /** The error group of the job's last error, until the job completes or runs again. */
  fingerprint: string | null;
  idempotencyKey: string | null;
  createdAt: number;
  updatedAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  nextAttemptAt: number | null;
  /** What a suspended job waits for: an event, or only the time `until`. */
  waitsFor: { event: string | null; job: string | null; until: number } | null;
  /** The number of kept steps, at the end of the last attempt. */
  steps: number;
  /** The type of the job that is made when this job has ended. */
  onEnd?: string | null;
  /** The webhooks that the job names. */
  notify?: string[];
  /** Which of the jobs that wait for a limit go first. */
  priority?: Priority;
  result: Json;
  progress: { percent: number; note: string | null } | null;
  tags: string[];
  /** The tenant of the job, for a type whose tenants take turns. */
  tenant: string | null;
  correlationId: string;
  /** The job whose function has made it. */
  parent?: string | null;
  /** The batch of which it is a member, and its round in the batch. */
  batch?: string | null;
  round?: number | null;
  cancelRequested: boolean;
  /** True if the job failed and was then discarded, without running it again. */
  discarded: { at: number; by: string; reason: string | null } | null;
  /** True if the job was cancelled because it had not begun in time. */
  expired?: boolean;
}

export interface Attempt {
  gen: number;
  attempt: number;
  /**
   * The number of the claim within its run. A deferred attempt and the next attempt have the same attempt number, but
   * different claims.
   */
  claim: number;
  outcome: WireAttempt["outcome"];
  startedAt: number;
  finishedAt: number | null;
  durationMs: number | null;
  errorClass: string | null;
  errorMessage: string | null;
  stack: string | null;
  requestId: string | null;
  coldStart: boolean | null;
  receiveCount: number | null;
  retryDelayS: number | null;
  /** Nano-dollars at list prices; null while it runs, if its end is unknown, or for a type that is gone. */
  costNano: number | null;
  /** The function's last progress report; kept after the attempt has ended. */
  progress: { percent: number; note: string | null } | null;
}

/** A later attempt, which runs if the attempt before it fails; in seconds after the end of that attempt. */
export interface NextAttempt {
  attempt: number;
  earliest: number;
  latest: number;
}

export interface JobDetail extends Job {
  history: Attempt[];
  /** True if there were attempts before those in the history. */
  older: boolean;
  /** Oldest first. */
  acts: OperatorAct[];
  why: string | null;
  parent: string | null;
  /** The first job of the chain of parents. */
  root: string | null;
  /** The trace to which it belongs, and where the trace is shown, if the stage says where. */
  traceId: string | null;
  traceUrl: string | null;
  /** The attempts that remain if the running attempt (or else the next attempt) fails; null if this is not known. */
  nextAttempts: NextAttempt[] | null;
  /** Nano-dollars at list prices, without the time of runs that ended with a wait; null for a type that is gone. */
  costNano: number | null;
}

export interface JobPage {
  jobs: Job[];
  total: number | null;
  nextCursor: string | null;
  /** The number of jobs that the API read for this page. */
  looked: number;
}

/** Filters of a list, which the API applies. Times in milliseconds. */
export interface JobFilter {
  status?: JobStatus | undefined;
  type?: string | undefined;
  tag?: string | undefined;
  idPrefix?: string | undefined;
  error?: string | undefined;
  fingerprint?: string | undefined;
  createdAfter?: number | undefined;
  createdBefore?: number | undefined;
  finishedAfter?: number | undefined;
  finishedBefore?: number | undefined;
  /** A part of a value of the payload; "field=text" searches only this field. Needs `createdAfter`. */
  payload?: string | undefined;
  tenant?: string | undefined;
  schedule?: string | undefined;
  /** The members of this batch; `round`: those that are in this round now. */
  batch?: string | undefined;
  round?: number | undefined;
  /** The child jobs of this job. */
  parent?: string | undefined;
}

const ms = (text: string): number => Date.parse(text);
export const msOrNull = (text: string | null | undefined): number | null => (text ? Date.parse(text) : null);
const isoOrNull = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString();

export function toJob(wire: WireJob): Job {
  return {
    id: wire.id,
    type: wire.type,
    status: wire.status,
    payload: wire.payload as Json,
    payloadBytes: wire.payload_bytes,
    payloadRemovedAt: msOrNull(wire.payload_removed_at),
    attempts: wire.attempts,
    maxAttempts: wire.max_attempts,
    gen: wire.gen,
    errorMessage: wire.error_message,
    errorClass: wire.error_class,
    fingerprint: wire.fingerprint,
    idempotencyKey: wire.idempotency_key,
    createdAt: ms(wire.created_at),
    updatedAt: ms(wire.updated_at),
    startedAt: msOrNull(wire.started_at),
    finishedAt: msOrNull(wire.finished_at),
    nextAttemptAt: msOrNull(wire.next_attempt_at),
    waitsFor: wire.waits_for
      ? { event: wire.waits_for.event, job: wire.waits_for.job ?? null, until: ms(wire.waits_for.until) }
      : null,
    steps: wire.steps,
    onEnd: wire.on_end ?? null,
    notify: wire.notify,
    priority: wire.priority,
    result: wire.result as Json,
    progress: wire.progress,
    tags: wire.tags,
    tenant: wire.tenant ?? null,
    correlationId: wire.correlation_id,
    parent: wire.parent ?? null,
    batch: wire.batch ?? null,
    round: wire.round ?? null,
    cancelRequested: wire.cancel_requested,
    discarded: wire.discarded ? { ...wire.discarded, at: ms(wire.discarded.at) } : null,
    expired: wire.status === "cancelled" && wire.error_class === "Expired",
  };
}

function toAttempt(wire: WireAttempt): Attempt {
  return {
    gen: wire.gen,
    attempt: wire.attempt,
    claim: wire.claim,
    outcome: wire.outcome,
    startedAt: ms(wire.started_at),
    finishedAt: msOrNull(wire.finished_at),
    durationMs: wire.duration_ms,
    errorClass: wire.error_class,
    errorMessage: wire.error_message,
    stack: wire.stack,
    requestId: wire.request_id,
    coldStart: wire.cold_start,
    receiveCount: wire.receive_count,
    retryDelayS: wire.retry_delay_s,
    costNano: wire.cost_nano_usd,
    progress: wire.progress ?? null,
  };
}

export function toDetail(wire: WireDetail): JobDetail {
  return {
    ...toJob(wire),
    history: wire.attempt_history.map(toAttempt),
    older: wire.older_attempts,
    acts: wire.actions.map(toAct),
    why: wire.why,
    parent: wire.parent ?? null,
    root: wire.root ?? null,
    traceId: wire.trace_id ?? null,
    traceUrl: wire.trace_url ?? null,
    nextAttempts: wire.next_attempts ?? null,
    costNano: wire.cost_nano_usd,
  };
}

function filterQuery(which: JobFilter) {
  return {
    status: which.status,
    type: which.type,
    tag: which.tag,
    id_prefix: which.idPrefix,
    error: which.error,
    fingerprint: which.fingerprint,
    created_after: isoOrNull(which.createdAfter),
    created_before: isoOrNull(which.createdBefore),
    finished_after: isoOrNull(which.finishedAfter),
    finished_before: isoOrNull(which.finishedBefore),
    payload: which.payload,
    tenant: which.tenant,
    schedule: which.schedule,
    batch: which.batch,
    round: which.round,
    parent: which.parent,
  };
}

export const PAGE = 100;

/** Request one page of jobs. */
export async function fetchPage(
  which: JobFilter,
  limit: number,
  cursor: string | null,
  signal?: AbortSignal,
) {
  const query = { ...filterQuery(which), limit, cursor: cursor ?? undefined };
  const page = await ask("get", "/jobs", { query, signal });
  return {
    jobs: page.jobs.map(toJob),
    total: page.total,
    nextCursor: page.next_cursor,
    looked: page.looked,
  };
}

export const jobKeys = {
  all: ["jobs"] as const,
  pages: (which: JobFilter) => ["jobs", "pages", which] as const,
  head: (which: JobFilter) => ["jobs", "head", which] as const,
  one: (id: string) => ["jobs", "one", id] as const,
};

/** Pages of rows as they were loaded; they change only when they are loaded again. */
export const jobPages = (which: JobFilter) =>
  infiniteQueryOptions({
    queryKey: jobKeys.pages(which),
    queryFn: ({ pageParam, signal }) => fetchPage(which, PAGE, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    staleTime: Infinity,
    gcTime: 0,
    // React Query's default compares every loaded row with itself at each new page, which makes 10,000 rows slow.
    structuralSharing: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

/** The newest rows, for polling. */
export const jobHead = (which: JobFilter, limit = PAGE) =>
  queryOptions({
    queryKey: [...jobKeys.head(which), limit],
    queryFn: ({ signal }) => fetchPage(which, limit, null, signal),
  });

export const jobOne = (id: string) =>
  queryOptions({
    queryKey: jobKeys.one(id),
    queryFn: async ({ signal }) => toDetail(await fetchJob(id, signal)),
  });

const fetchJob = (id: string, signal?: AbortSignal) =>
  ask("get", "/jobs/{job_id}", { path: { job_id: id }, signal });

/** Return some jobs by their ids, with one request each; leave out jobs that no longer exist. */
export async function fetchJobs(ids: string[], signal?: AbortSignal): Promise<JobDetail[]> {
  const found = await Promise.allSettled(ids.map((id) => fetchJob(id, signal)));
  return found.flatMap((one) => (one.status === "fulfilled" ? [toDetail(one.value)] : []));
}

/** Jobs found in one place where a text can be; `more` says that the search ended before the last job. */
export interface Found {
  jobs: Job[];
  more: boolean;
  looked: number;
}

const MOST_PAGES = 10;

/** Find the newest jobs of a filter: at most 100, and at most ten pages of a search that reads payloads or errors. */
export const jobsFound = (which: JobFilter) =>
  queryOptions({
    queryKey: [...jobKeys.all, "found", which] as const,
    queryFn: ({ signal }) => readPages(which, PAGE, signal),
    staleTime: 10_000,
  });

/** Maximum number of jobs that `firstJobs` loads: these can be shown as a picture. */
export const MOST_SHOWN = 500;

/**
 * Load the first jobs of a list, from at most ten pages: the API filters after it has read a page, so pages of a small
 * round of a large batch are empty. `more` says that it has not read all.
 */
export const firstJobs = (which: JobFilter, signal?: AbortSignal): Promise<Found> =>
  readPages(which, MOST_SHOWN, signal);

async function readPages(which: JobFilter, most: number, signal?: AbortSignal): Promise<Found> {
  const found: Found = { jobs: [], more: true, looked: 0 };
  let cursor: string | null = null;
  for (let pages = 0; found.more && found.jobs.length < most && pages < MOST_PAGES; pages++) {
    const page: JobPage = await fetchPage(which, PAGE, cursor, signal);
    found.jobs.push(...page.jobs);
    found.looked += page.looked;
    found.more = page.nextCursor !== null;
    cursor = page.nextCursor;
  }
  return found;
}

/** Find the job that this token made with this Idempotency-Key. */
export const jobByKey = (key: string) =>
  queryOptions({
    queryKey: [...jobKeys.all, "key", key] as const,
    queryFn: async ({ signal }): Promise<Found> => {
      const page = await ask("get", "/jobs", { query: { idempotency_key: key }, signal });
      return { jobs: page.jobs.map(toJob), more: false, looked: page.looked };
    },
    staleTime: 10_000,
  });

import { createHash } from "node:crypto";
import type { components } from "jobflow-aws";
import { stringify, type Json, type JsonObject } from "../../src/lib/json";

type Schemas = components["schemas"];
export type Status = Schemas["Status"];
export type Role = Schemas["Role"];

/** Who acts on a job. */
export interface Operator {
  by: string;
  inBulk?: boolean;
}

/** A job of the simulation. Times in milliseconds. */
export interface FakeJob {
  acts: Schemas["OperatorAction"][];
  discarded?: Schemas["Discarded"];
  /** Payloads of runs after which they were changed, by run. */
  past: Map<number, JsonObject>;
  id: string;
  type: string;
  status: Status;
  payload: JsonObject;
  attempts: number;
  maxAttempts: number;
  gen: number;
  errorMessage: string | null;
  errorClass: string | null;
  idempotencyKey: string | null;
  body: string;
  createdAt: number;
  updatedAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  nextAttemptAt: number | null;
  result: Json;
  progress: { percent: number; note: string | null } | null;
  tags: string[];
  correlationId: string;
  cancelRequested: boolean;
  parent?: string;
  batch?: string;
  round?: number;
  notify?: string[];
  history: Schemas["AttemptRow"][];
  logs: Schemas["LogLine"][];
  /** What a job with steps has kept. */
  kept?: Schemas["StepRow"][];
  /** When the running attempt ends. */
  endsAt: number;
}

/** What the jobs of one kind of error have in common, and its group is called. */
export const fingerprint = (type: string, errorClass: string): string =>
  createHash("sha256").update(`${type}/${errorClass}`).digest("hex").slice(0, 12);

export const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

const size = (value: Json): number => stringify(value).length;
const LARGEST_IN_LIST = 500;

const TENANT = "tenant=";

/** Whose job it is; undefined for nobody's. */
export const tenantOf = (job: FakeJob): string | null =>
  job.tags.find((tag) => tag.startsWith(TENANT))?.slice(TENANT.length) ?? null;

/** As the API shows it; lists leave a large payload or result away. */
export function row(job: FakeJob, whole = false): Schemas["JobRow"] {
  const fits = (value: Json) => (whole || size(value) <= LARGEST_IN_LIST ? value : null);
  return {
    id: job.id,
    type: job.type,
    status: job.status,
    payload: fits(job.payload),
    payload_bytes: size(job.payload),
    payload_removed_at: null,
    attempts: job.attempts,
    max_attempts: job.maxAttempts,
    gen: job.gen,
    error_message: job.errorMessage,
    error_class: job.errorClass,
    fingerprint: job.errorClass === null ? null : fingerprint(job.type, job.errorClass),
    idempotency_key: job.idempotencyKey,
    created_at: iso(job.createdAt),
    updated_at: iso(job.updatedAt),
    started_at: isoOrNull(job.startedAt),
    finished_at: isoOrNull(job.finishedAt),
    next_attempt_at: isoOrNull(job.nextAttemptAt),
    expires_at: null,
    on_end: null,
    waits_for: null,
    steps: job.kept?.length ?? 0,
    give_up_at: null,
    discarded: job.discarded ?? null,
    result: fits(job.result),
    progress: job.progress,
    tags: job.tags.filter((tag) => !tag.startsWith(TENANT)),
    tenant: tenantOf(job),
    correlation_id: job.correlationId,
    cancel_requested: job.cancelRequested,
    parent: job.parent ?? null,
    notify: job.notify ?? [],
    priority: "normal",
    batch: job.batch ?? null,
    round: job.round ?? null,
  };
}

export function detail(job: FakeJob, paused: boolean): Schemas["JobDetail"] {
  const schedule = job.tags.find((tag) => tag.startsWith("schedule:"))?.slice("schedule:".length) ?? null;
  return {
    ...row(job, true),
    schedule,
    fires_at: schedule === null ? null : iso(job.createdAt),
    root: job.parent ?? null,
    attempt_history: job.history.map((one) => ({ ...one, cost_nano_usd: attemptCost(one) })),
    trace_id: null,
    trace_url: null,
    older_attempts: false,
    actions: job.acts,
    why: why(job, paused),
    next_attempts: left(job),
    cost_nano_usd: job.history.reduce((sum, one) => sum + (attemptCost(one) ?? 0), 6_500),
  };
}

/** As the API computes it for 512 MB; the simulation's attempts have no end that is unknown. */
function attemptCost({ duration_ms }: Schemas["AttemptRow"]): number | null {
  return duration_ms === null ? null : 4_400 + Math.round(duration_ms * 6.6667);
}

/** The attempts that are left if the running one, or else the next one, fails: the standard curve with full jitter. */
function left(job: FakeJob): Schemas["NextAttempt"][] {
  if (RETRYABLE.includes(job.status) || job.status === "completed") return [];
  const failing = Math.max(1, job.attempts + (job.status === "processing" ? 0 : 1));
  return Array.from({ length: Math.max(0, job.maxAttempts - failing) }, (_, at) => ({
    attempt: failing + at + 1,
    earliest: 1,
    latest: Math.min(3600, 2 ** (failing + at)),
  }));
}

function why(job: FakeJob, paused: boolean): string | null {
  if (job.cancelRequested && job.status === "processing")
    return "Cancellation requested; it stops at its next cancellation check.";
  if (job.status === "scheduled") return `It is scheduled for ${isoOrNull(job.nextAttemptAt) ?? ""}.`;
  const last = job.history.at(-1);
  if (job.status === "retrying" && last?.outcome === "deferred")
    return `${last.error_message ?? ""}; give the type a \`Changes(upgrade=…)\`, or deploy the version that accepted it (docs/operations.md#stalled); the next try is at ${isoOrNull(job.nextAttemptAt) ?? ""}.`;
  if (job.status === "retrying")
    return `Attempt ${job.attempts} failed; the next one is not before ${isoOrNull(job.nextAttemptAt) ?? ""}.`;
  if (job.status === "queued" && paused)
    return `The ${job.type} queue is paused; it waits until it is resumed.`;
  if (job.status === "blocked")
    return `3 of 3 places of ${job.type} for customer:42 are taken; 4 jobs are before it.`;
  return job.status === "queued" ? `Next in the ${job.type} queue; waiting for a worker.` : null;
}

export const RETRYABLE: readonly Status[] = ["failed", "dead_letter", "cancelled"];
export const DISCARDABLE: readonly Status[] = ["failed", "dead_letter"];
export const WAITING: readonly Status[] = ["queued", "scheduled", "retrying"];
export const STATUSES: readonly Status[] = [
  "queued",
  "scheduled",
  "processing",
  "retrying",
  "suspended",
  "blocked",
  "completed",
  "failed",
  "dead_letter",
  "cancelled",
];

export type BatchNumbers = Pick<
  Schemas["BatchRound"],
  "done" | "completed" | "failed" | "cancelled" | "failed_ids"
>;

/** A round: its numbers are those of its members, unless it is an earlier round, or a test gives them. */
interface FakeRound {
  openedAt: number;
  closing?: boolean;
  /** When its members will have been counted, of a round that was closed without their number. */
  countedAt?: number;
  closedAt: number | null;
  endedAt: number | null;
  total: number | null;
  numbers?: BatchNumbers;
  thenJob?: string;
  onFailureJob?: string;
  bulk?: string;
}

export interface FakeBatch {
  id: string;
  key: string | null;
  then: string | null;
  onFailure: string | null;
  tags: string[];
  parent: string | null;
  createdBy: string | null;
  createdAt: number;
  rounds: FakeRound[];
  /** Who is cancelling it, until when. */
  cancelled?: { by: string; until: number };
}

export type FakeLimit = Schemas["LimitDetail"];

/** A bulk action and the jobs that are left of it. */
export interface FakeBulk {
  row: Schemas["BulkActionRow"];
  left: FakeJob[];
  /** The ids of the jobs that it has changed. */
  changed: string[];
}

/** True for a time from `after` on and before `before`; what has no time is within no bound. */
export function within(at: number | null, after?: string | null, before?: string | null): boolean {
  return (!after || (at ?? -1) >= Date.parse(after)) && (!before || (at ?? Infinity) < Date.parse(before));
}

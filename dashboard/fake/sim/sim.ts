import type { JsonObject } from "../../src/lib/json";
import { decide, lasts, tagsFor, type Outcome, type World } from "./outcomes";
import {
  DISCARDABLE,
  iso,
  RETRYABLE,
  WAITING,
  type FakeBatch,
  type FakeLimit,
  type FakeBulk,
  type FakeJob,
  type Operator,
} from "./model";
import { makeRandom, pick, uuid, type Random } from "./rng";
import { Minutes } from "./minutes";
import { examplePayload, types, type JobTypeRow } from "./types";

export interface SimOptions {
  seed: number;
  /** Milliseconds since the epoch. */
  clock: () => number;
  filesUrl: string;
  /** Jobs that arrive by themselves, a second. */
  arrivals: number;
}

interface Pause {
  since: number;
  by: string;
  reason: string;
  next_probe_at?: string | null;
}

/** The chance that a waiting job is received at a tick. */
const POLLS = 0.2;

/** Job types, queues and workers in memory: jobs are claimed, run, retried and dead-lettered as the clock goes on. */
export class Sim {
  readonly jobs = new Map<string, FakeJob>();
  readonly files = new Map<string, { type: string; body: Buffer }>();
  /** Paused types: since when, by whom and why. */
  readonly paused = new Map<string, Pause>();
  /** Rates of types, and how long their jobs that wait take to start, in seconds. */
  readonly rates: Record<string, { rate: { n: number; per: number; burst: number }; paced_for_s: number }> =
    {};
  /** Pauses that have ended, the newest first. */
  readonly pastPauses: {
    type: string;
    since: number;
    until: number;
    by: string;
    reason: string;
    resumedBy: string;
  }[] = [];
  /** Types that take no new jobs. */
  readonly retired = new Set<string>();
  /** Deployments of the stage, oldest first. */
  readonly deploys: { at: string; version: string }[] = [];
  /** What the jobs of a type make, where they make any. */
  readonly enqueues: Record<string, string[]> = {};
  /** The field of the payload that names a tenant, of types whose tenants take turns. */
  readonly fairBy: Record<string, string> = {};
  /** What types declare, other than the built-in ones do. */
  readonly declared: Record<string, Partial<JobTypeRow>> = {};
  /** Who acknowledged an error group, and when. */
  readonly acknowledged = new Map<string, { by: string; at: number; resolved: boolean }>();
  /** Bulk actions, newest first. */
  readonly bulk: FakeBulk[] = [];
  readonly batches: FakeBatch[] = [];
  /** A test gives them. */
  readonly limits: FakeLimit[] = [];
  readonly minutes = new Minutes();
  readonly random: Random;
  private lastTick: number;

  constructor(readonly options: SimOptions) {
    this.random = makeRandom(options.seed);
    this.lastTick = options.clock();
  }

  now(): number {
    return this.options.clock();
  }

  add(type: string, payload: JsonObject, more: Partial<FakeJob> = {}): FakeJob {
    const now = this.now();
    const job: FakeJob = {
      id: uuid(this.random), type, status: "queued", payload, attempts: 0, maxAttempts: 3, gen: 1, errorMessage: null, errorClass: null,
      idempotencyKey: null, body: "", createdAt: now, updatedAt: now, startedAt: null, finishedAt: null, nextAttemptAt: null, result: null,
      progress: null, tags: [], correlationId: uuid(this.random), cancelRequested: false, history: [], logs: [], acts: [], past: new Map(), endsAt: 0, ...more,
    }; // prettier-ignore
    this.jobs.set(job.id, job);
    this.minutes.count(job.type, job.createdAt, "created");
    return job;
  }

  /** Let time do its work up to now. */
  tick(): void {
    const now = this.now();
    this.arrive(now);
    for (const job of this.jobs.values()) {
      if (job.status === "processing") this.advance(job, now);
      else if (this.isDue(job, now) && this.random() < POLLS) this.claim(job, now);
    }
    this.lastTick = now;
  }

  private isDue(job: FakeJob, now: number): boolean {
    return WAITING.includes(job.status) && !this.paused.has(job.type) && (job.nextAttemptAt ?? 0) <= now;
  }

  private arrive(now: number): void {
    const due = ((now - this.lastTick) / 1000) * this.options.arrivals;
    for (let n = due; n > this.random(); n--) {
      const { type } = pick(this.random, types);
      this.add(type, examplePayload(type, this.random), { tags: tagsFor(this.random) });
    }
  }

  claim(job: FakeJob, at: number): void {
    job.status = "processing";
    job.attempts += 1;
    job.startedAt = job.updatedAt = at;
    job.nextAttemptAt = null;
    job.endsAt = at + lasts(job, this.random);
    job.history.push({
      gen: job.gen, attempt: job.attempts, claim: job.history.length + 1, outcome: "running", started_at: iso(at), finished_at: null, duration_ms: null, cost_nano_usd: null, error_class: null,
      error_message: null, stack: null, request_id: uuid(this.random), cold_start: this.random() < 0.1, receive_count: job.attempts, retry_delay_s: null, progress: null,
    }); // prettier-ignore
    this.log(job, at, "INFO", "job started", { worker: job.type.replace(".", "_") });
    this.minutes.time(job.type, at, "wait", at - job.createdAt);
  }

  private advance(job: FakeJob, now: number): void {
    if (now >= job.endsAt) {
      this.settle(job, job.endsAt, decide(job, this.world(job.endsAt)));
      return;
    }
    const percent = Math.min(
      99,
      Math.round(((now - (job.startedAt ?? now)) / (job.endsAt - (job.startedAt ?? now))) * 100),
    );
    if (job.type === "report.generate")
      job.progress = { percent, note: percent < 50 ? "Counting jobs" : "Drawing charts" };
  }

  private world(now: number): World {
    return { random: this.random, files: new Set(this.files.keys()), filesUrl: this.options.filesUrl, now };
  }

  settle(job: FakeJob, at: number, outcome: Outcome): void {
    const attempt = job.history.at(-1);
    const took = at - (job.startedAt ?? at);
    this.minutes.time(job.type, at, "run", took);
    if (attempt)
      Object.assign(attempt, { finished_at: iso(at), duration_ms: Math.round(took), outcome: "completed" });
    job.updatedAt = at;
    if (job.cancelRequested) {
      if (attempt) attempt.outcome = "cancelled";
      this.end(job, at, "cancelled");
    } else if (outcome.kind === "done") {
      Object.assign(job, { result: outcome.result, errorClass: null, errorMessage: null, progress: null });
      this.log(job, at, "INFO", "job completed", { ms: Math.round(took) });
      this.end(job, at, "completed");
    } else {
      this.fail(job, at, outcome);
    }
  }

  private fail(job: FakeJob, at: number, outcome: Exclude<Outcome, { kind: "done" }>): void {
    const attempt = job.history.at(-1);
    Object.assign(job, { errorClass: outcome.errorClass, errorMessage: outcome.message });
    this.log(job, at, "ERROR", `${outcome.errorClass}: ${outcome.message.slice(0, 200)}`, {
      attempt: job.attempts,
    });
    const fields = { error_class: outcome.errorClass, error_message: outcome.message, stack: outcome.stack };
    if (attempt)
      Object.assign(attempt, fields, { outcome: outcome.kind === "error" ? "error" : "permanent_error" });
    if (outcome.kind === "permanent") this.end(job, at, "failed");
    else if (job.attempts >= job.maxAttempts) this.end(job, at, "dead_letter");
    else {
      const delay = 2 ** job.attempts;
      job.status = "retrying";
      job.nextAttemptAt = at + delay * 1000;
      if (attempt) attempt.retry_delay_s = delay;
      this.minutes.count(job.type, at, "retried");
      this.log(job, at, "WARNING", `trying again in ${delay} s`, {});
    }
  }

  private end(job: FakeJob, at: number, status: "completed" | "failed" | "dead_letter" | "cancelled"): void {
    Object.assign(job, { status, finishedAt: at, nextAttemptAt: null });
    if (status !== "cancelled")
      this.minutes.count(job.type, at, status === "dead_letter" ? "dead_lettered" : status);
  }

  log(job: FakeJob, at: number, level: string, message: string, fields: JsonObject): void {
    job.logs.push({ at: iso(at), level, message, gen: job.gen, attempt: job.attempts, fields });
  }

  /** Why not, or null when it was done. */
  retry(job: FakeJob, operator: Operator, payload?: JsonObject): string | null {
    if (!RETRYABLE.includes(job.status))
      return `Job ${job.id} is ${job.status}; only failed, dead-lettered or cancelled jobs can be retried.`;
    const now = this.now();
    if (payload) job.past.set(job.gen, job.payload);
    this.note(job, "retry", operator, { gen: job.gen + 1, edited: payload !== undefined });
    Object.assign(job, {
      status: "queued",
      attempts: 0,
      gen: job.gen + 1,
      updatedAt: now,
      finishedAt: null,
      startedAt: null,
      errorClass: null,
      errorMessage: null,
      cancelRequested: false,
      discarded: undefined,
      ...(payload && { payload }),
    });
    return null;
  }

  cancel(job: FakeJob, operator: Operator): string | null {
    const now = this.now();
    if (job.status === "processing") job.cancelRequested = true;
    else if (WAITING.includes(job.status)) this.end(job, now, "cancelled");
    else return `Job ${job.id} is ${job.status}; it cannot be cancelled any more.`;
    job.updatedAt = now;
    this.note(job, "cancel", operator);
    return null;
  }

  runNow(job: FakeJob, operator: Operator): string | null {
    if (!WAITING.includes(job.status)) return `Job ${job.id} is ${job.status}; it does not wait.`;
    if (job.status === "queued") return null;
    Object.assign(job, { status: "queued", nextAttemptAt: null, updatedAt: this.now() });
    this.note(job, "run-now", operator);
    return null;
  }

  discard(job: FakeJob, operator: Operator, reason: string): string | null {
    if (!DISCARDABLE.includes(job.status))
      return `Job ${job.id} is ${job.status}; only failed or dead-lettered jobs can be discarded.`;
    const at = iso(this.now());
    this.end(job, this.now(), "cancelled");
    Object.assign(job, { updatedAt: this.now(), discarded: { at, by: operator.by, reason: reason || null } });
    this.note(job, "discard", operator);
    return null;
  }

  private note(
    job: FakeJob,
    action: FakeJob["acts"][number]["action"],
    { by, inBulk = false }: Operator,
    more: Partial<FakeJob["acts"][number]> = {},
  ): void {
    const usual = { edited: false, in_bulk: inBulk, bulk: null };
    job.acts.push({ action, at: iso(this.now()), by, gen: job.gen, ...usual, ...more });
  }
}

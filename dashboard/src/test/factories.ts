import type { Attempt, Job, JobDetail, JobPage, JobStatus } from "@/api/jobs/jobs";

/** A fixed moment for times in tests. */
export const T0 = Date.parse("2026-11-25T00:00:00Z");

export function job(id: string, more: Partial<Job> = {}): Job {
  return {
    id,
    type: "email.send",
    status: "queued",
    payload: { to: ["ada@example.com"] },
    payloadBytes: 26,
    attempts: 0,
    maxAttempts: 3,
    gen: 1,
    errorMessage: null,
    errorClass: null,
    fingerprint: null,
    idempotencyKey: null,
    createdAt: T0,
    updatedAt: T0,
    startedAt: null,
    finishedAt: null,
    nextAttemptAt: null,
    waitsFor: null,
    steps: 0,
    result: null,
    progress: null,
    tags: [],
    tenant: null,
    correlationId: "c",
    cancelRequested: false,
    discarded: null,
    ...more,
  };
}

export function attempt(n: number, more: Partial<Attempt> = {}): Attempt {
  return {
    gen: 1,
    attempt: n,
    claim: n,
    outcome: "error",
    startedAt: T0 + n * 10_000,
    finishedAt: T0 + n * 10_000 + 1000,
    durationMs: 1000,
    errorClass: "Oops",
    errorMessage: "It broke.",
    stack: null,
    requestId: null,
    coldStart: null,
    receiveCount: null,
    retryDelayS: null,
    costNano: null,
    progress: null,
    ...more,
  };
}

export function detail(status: JobStatus, history: Attempt[], more: Partial<JobDetail> = {}): JobDetail {
  return {
    ...job("j", { status, attempts: history.length }),
    history,
    older: false,
    acts: [],
    why: null,
    parent: null,
    root: null,
    traceId: null,
    traceUrl: null,
    nextAttempts: [],
    costNano: null,
    ...more,
  };
}

export function page(jobs: Job[], nextCursor: string | null = null): JobPage {
  return { jobs, total: null, nextCursor, looked: jobs.length };
}

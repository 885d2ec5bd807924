import type { JsonObject } from "@/lib/json";
import { requestFull } from "./client";
import { toJob, type Job } from "./jobs";
import type { WireJob } from "./wire";

/** A job to create. */
export interface NewJob {
  type: string;
  payload: JsonObject;
  maxAttempts?: number | undefined;
  delaySeconds?: number | undefined;
  runAt?: number | undefined;
  tags?: string[] | undefined;
  idempotencyKey?: string | undefined;
}

export function createBody(job: NewJob) {
  return {
    type: job.type,
    payload: job.payload,
    ...(job.maxAttempts === undefined ? {} : { max_attempts: job.maxAttempts }),
    ...(job.delaySeconds === undefined ? {} : { delay_seconds: job.delaySeconds }),
    ...(job.runAt === undefined ? {} : { run_at: new Date(job.runAt).toISOString() }),
    ...(job.tags?.length ? { tags: job.tags } : {}),
  };
}

/** Create a job; `replayed` says that it existed already under the same idempotency key. */
export async function createJob(job: NewJob): Promise<{ job: Job; replayed: boolean }> {
  const headers = job.idempotencyKey ? { "Idempotency-Key": job.idempotencyKey } : {};
  const { body, answer } = await requestFull<WireJob>("/jobs", {
    method: "POST",
    body: createBody(job),
    headers,
  });
  return { job: toJob(body), replayed: answer.status === 200 };
}

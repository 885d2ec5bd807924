import { queryOptions } from "@tanstack/react-query";
import type { JsonObject } from "@/lib/json";
import { ask, askFully } from "@/api/client";
import type { Priority } from "@/api/wire";
import { toJob, type Job } from "./jobs";

/** A job to create. */
export interface NewJob {
  type: string;
  payload: JsonObject;
  maxAttempts?: number | undefined;
  delaySeconds?: number | undefined;
  runAt?: number | undefined;
  tags?: string[] | undefined;
  idempotencyKey?: string | undefined;
  priority?: Priority | undefined;
}

export function createBody(job: NewJob) {
  return {
    type: job.type,
    payload: job.payload,
    ...(job.maxAttempts === undefined ? {} : { max_attempts: job.maxAttempts }),
    ...(job.delaySeconds === undefined ? {} : { delay_seconds: job.delaySeconds }),
    ...(job.runAt === undefined ? {} : { run_at: new Date(job.runAt).toISOString() }),
    ...(job.tags?.length ? { tags: job.tags } : {}),
    ...(job.priority === undefined ? {} : { priority: job.priority }),
  };
}

/**
 * Create a job; `replayed` is true if the job existed already. A job without an idempotency key gets the key `spare`.
 * If the answer was lost and the same `spare` is sent again, the API returns the job of the first request; this is not
 * reported as a replay.
 */
export async function createJob(job: NewJob, spare: string): Promise<{ job: Job; replayed: boolean }> {
  const call = { body: createBody(job), key: job.idempotencyKey ?? spare };
  const { status, body, headers } = await askFully("post", "/jobs", call);
  const repeated = job.idempotencyKey === undefined && headers.has("Idempotent-Replayed");
  return { job: toJob(body), replayed: status === 200 && !repeated };
}

/** The job that this token created with the key; null if there is none. */
export const jobOfKey = (key: string) =>
  queryOptions({
    queryKey: ["jobs", "key", key],
    enabled: key !== "",
    retry: false,
    queryFn: async ({ signal }) => {
      const { jobs } = await ask("get", "/jobs", { query: { idempotency_key: key }, signal });
      return jobs[0] ? toJob(jobs[0]) : null;
    },
  });

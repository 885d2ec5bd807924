import { because } from "@/api/reason";
import { queryOptions } from "@tanstack/react-query";
import type { Json, JsonObject } from "@/lib/json";
import type { Schemas } from "jobflow-aws";
import { ask } from "./client";
import type { Role } from "./wire";
import { t } from "@/texts/en/base";

export type { Role } from "./wire";

export interface JobType {
  type: string;
  title: string;
  description: string;
  schema: JsonObject;
  example: Json;
  maxAttempts: number;
  /** The longest wait before attempt 2, 3, …, in milliseconds. */
  retryWaits: number[];
  /** No attempt begins later than this number of milliseconds after the run was due; null without such a limit. */
  giveUpAfter: number | null;
  /** Classes of the errors that are retried; empty: all. */
  retryOn: string[];
  /** Classes of the errors that are never retried. */
  failOn: string[];
  /** A job that has not begun is cancelled this number of milliseconds after its time; null: never. */
  expires: number | null;
  timeout: number;
  budget: number;
  batchSize: number;
  concurrency: number;
  memory: number;
  /** At most `n` starts in any `per` seconds; null without a rate. */
  rate: { n: number; per: number; burst: number } | null;
  /** At most `n` jobs run at once, for each value of the field `by` if it is set, and over all types that share it. */
  limits: { n: number; by: string | null; shared: string | null }[];
  rates: { n: number; per: number; burst: number; by: string | null; shared: string | null }[];
  /** It has a second queue, for its jobs of high priority and those that a limit has woken. */
  urgent: boolean;
  /** The payload's field that names the tenant; null if tenants do not take turns. */
  fairBy: string | null;
  /**
   * The payload's field that is the key: jobs with the same key run one at a time. Null if all jobs may run at the same
   * time.
   */
  serialBy: string | null;
  /** The name of the queue that the type shares with other types; null if it has its own queue. */
  queue: string | null;
  /** The type is paused automatically when the last `of` attempts failed with one error, within `within` milliseconds. */
  pauseWhen: { of: number; within: number } | null;
  /** For `ms` milliseconds, only one job has the same values of the fields `by` (of all fields if `by` is empty). */
  unique: { ms: number; by: string[] } | null;
  /** A budget of dollars a day, and the share of it from which the type is reported; null: what jobs cost is only summed. */
  spending: { perDay: number | null; warn: number; byTenant: boolean } | null;
  /** The types of the jobs that jobs of this type make. */
  enqueues: string[];
  /** The type of the job that is made when a job of this type has ended; null for none. */
  onEnd: string | null;
  /** It takes no new jobs; those it has are still processed. */
  retired: boolean;
}

/** Return whether the priorities of the type's jobs have an effect; for other types, the API refuses one. */
export function hasPriorities({ limits, rates, urgent }: JobType): boolean {
  return limits.length > 0 || rates.length > 0 || urgent;
}

export const jobTypes = () =>
  queryOptions({
    queryKey: ["job-types"],
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }) => {
      const { job_types } = await ask("get", "/job-types", { signal });
      return job_types.map((one): JobType => ({
        type: one.type,
        title: one.title,
        description: one.description,
        schema: one.schema as JsonObject,
        example: one.example as Json,
        maxAttempts: one.max_attempts,
        retryWaits: one.retry_waits.map((seconds) => seconds * 1000),
        giveUpAfter: one.give_up_after == null ? null : one.give_up_after * 1000,
        retryOn: one.retry_on,
        failOn: one.fail_on,
        expires: one.expires == null ? null : one.expires * 1000,
        timeout: one.timeout,
        budget: one.budget,
        batchSize: one.batch_size,
        concurrency: one.concurrency,
        memory: one.memory,
        rate: one.rate ?? null,
        limits: one.limits.map(({ n, by, shared }) => ({ n, by: by ?? null, shared: shared ?? null })),
        rates: one.rates.map((rate) => ({ ...rate, by: rate.by ?? null, shared: rate.shared ?? null })),
        urgent: one.urgent,
        fairBy: one.fair_by ?? null,
        serialBy: one.serial_by ?? null,
        queue: one.queue ?? null,
        pauseWhen: one.pause_when ? { of: one.pause_when.of, within: one.pause_when.within * 1000 } : null,
        unique: one.unique_for == null ? null : { ms: one.unique_for * 1000, by: one.unique_by },
        spending: one.spending
          ? { perDay: one.spending.per_day, warn: one.spending.warn, byTenant: one.spending.by_tenant }
          : null,
        enqueues: one.enqueues,
        onEnd: one.on_end ?? null,
        retired: one.retired,
      }));
    },
  });

/** Pause or resume a type; the reason of a pause is shown to all users while the type is paused. */
export async function setPaused(type: string, paused: boolean, reason = ""): Promise<void> {
  const path = { job_type: type };
  if (paused) await ask("post", "/job-types/{job_type}/pause", { path, body: reason ? { reason } : {} });
  else await ask("post", "/job-types/{job_type}/resume", { path, body: because(reason) });
}

export interface Me {
  id: string;
  role: Role;
  label: string;
  /** Whether the token may see the values of personal fields. */
  personal: boolean;
  expires_at: string | null;
}

export const me = (token: string | null) =>
  queryOptions({
    queryKey: ["me", token],
    enabled: token !== null,
    staleTime: 60_000,
    queryFn: ({ signal }): Promise<Me> => ask("get", "/me", { signal }),
  });

/** Upload a file, for use in payloads; return its key. Raises ApiError, NotReached. */
export async function upload(file: File): Promise<string> {
  // If the API refuses the content type, its error lists the types that it accepts.
  const content_type = file.type as Schemas["NewUpload"]["content_type"];
  const form = await ask("post", "/uploads", { body: { content_type, bytes: file.size } });
  const data = new FormData();
  for (const [name, value] of Object.entries(form.fields)) data.append(name, value);
  data.append("file", file);
  const answer = await fetch(form.url, { method: "POST", body: data });
  if (!answer.ok) throw new Error(t.storageRefused(answer.status));
  return form.key;
}

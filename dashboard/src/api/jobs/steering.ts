import type { Json, JsonObject } from "@/lib/json";
import { ask } from "@/api/client";
import { because } from "@/api/reason";
import { toJob } from "./jobs";

const of = (id: string) => ({ path: { job_id: id } });

/** Run a job again; `from` is "start", or the step before which everything is kept. */
export async function retryJob(
  id: string,
  payload?: JsonObject,
  from?: string | null,
  reason?: string,
): Promise<void> {
  const body = { ...(payload ? { payload } : {}), ...(from ? { from } : {}), ...because(reason) };
  await ask("post", "/jobs/{job_id}/retry", { ...of(id), body });
}

/** Cancel a job, and its child jobs if `descendants` is set; `made` is the result for the child jobs. */
export async function cancelJob(id: string, descendants: boolean, reason?: string) {
  const body = { ...(descendants ? { descendants } : {}), ...because(reason) };
  const after = await ask("post", "/jobs/{job_id}/cancel", { ...of(id), body });
  return { job: toJob(after), made: after.descendants };
}

/** Post an event that the job's function waits for. */
export async function postEvent(id: string, name: string, data: Json, reason?: string): Promise<void> {
  const body = { data, ...because(reason) };
  await ask("post", "/jobs/{job_id}/events/{name}", { path: { job_id: id, name }, body });
}

/** End the wait of a scheduled or retrying job. */
export async function runJobNow(id: string, reason?: string): Promise<void> {
  await ask("post", "/jobs/{job_id}/run-now", { ...of(id), body: because(reason) });
}

/** Delete a finished job: nobody finds it any more. */
export async function deleteJob(id: string, reason: string): Promise<void> {
  await ask("delete", "/jobs/{job_id}", { ...of(id), body: because(reason) });
}

/** Discard a failed job: close it without running it. */
export async function discardJob(id: string, reason: string): Promise<void> {
  await ask("post", "/jobs/{job_id}/discard", { ...of(id), body: because(reason) });
}

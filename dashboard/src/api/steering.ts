import { request } from "./client";

/** End the wait of a scheduled or retrying job. */
export async function runJobNow(id: string): Promise<void> {
  await request(`/jobs/${encodeURIComponent(id)}/run-now`, { method: "POST", body: {} });
}

/** Settle a failed job without running it. */
export async function discardJob(id: string, reason: string): Promise<void> {
  await request(`/jobs/${encodeURIComponent(id)}/discard`, { method: "POST", body: { reason } });
}

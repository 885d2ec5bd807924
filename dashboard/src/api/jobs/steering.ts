import type { JsonObject } from "@/lib/json";
import { request } from "@/api/client";
import { toJob } from "./jobs";
import type { WireCancelled } from "@/api/wire";

export async function retryJob(id: string, payload?: JsonObject): Promise<void> {
  const body = payload ? { payload } : {};
  await request(`/jobs/${encodeURIComponent(id)}/retry`, { method: "POST", body });
}

/** Cancel a job, and what it made if so asked; `made` says what became of that. */
export async function cancelJob(id: string, descendants: boolean) {
  const path = `/jobs/${encodeURIComponent(id)}/cancel`;
  const body = descendants ? { descendants } : {};
  const after = await request<WireCancelled>(path, { method: "POST", body });
  return { job: toJob(after), made: after.descendants ?? null };
}

/** End the wait of a scheduled or retrying job. */
export async function runJobNow(id: string): Promise<void> {
  await request(`/jobs/${encodeURIComponent(id)}/run-now`, { method: "POST", body: {} });
}

/** Settle a failed job without running it. */
export async function discardJob(id: string, reason: string): Promise<void> {
  await request(`/jobs/${encodeURIComponent(id)}/discard`, { method: "POST", body: { reason } });
}

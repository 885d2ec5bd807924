import type { Job } from "@/api/jobs/jobs";
import type { LatencyPoint } from "@/api/numbers/metrics";
import { duration } from "@/lib/time";
import type { SortKey } from "./search";
import { STATUSES, isFinished } from "./status";

/**
 * Return the milliseconds from the creation to the first start, or until now while the job is queued. Null if it is not
 * known: a row of the list contains only the last start, which is not the first one after a retry or a wait.
 */
export function waited(job: Job, now: number): number | null {
  if (job.startedAt !== null)
    return job.attempts <= 1 && job.gen === 1 && job.steps === 0 ? job.startedAt - job.createdAt : null;
  if (job.status === "queued" && job.gen === 1) return now - job.createdAt;
  return null;
}

/** Return the milliseconds of the last attempt, until now while it runs; null if it never started. */
export function ran(job: Job, now: number): number | null {
  if (job.startedAt === null) return null;
  if (job.status === "processing") return Math.max(0, now - job.startedAt);
  const end = job.finishedAt ?? (job.status === "retrying" ? job.updatedAt : null);
  return end === null ? null : Math.max(0, end - job.startedAt);
}

type Key = string | number;

const KEYS: Record<SortKey, (job: Job, now: number) => Key> = {
  created: (job) => job.createdAt,
  type: (job) => job.type,
  status: (job) => STATUSES.indexOf(job.status),
  attempt: (job) => job.attempts,
  wait: (job, now) => waited(job, now) ?? -1,
  run: (job, now) => ran(job, now) ?? -1,
};

/** Return the rows in an order; without one, as the API returned them. */
export function sortJobs(jobs: Job[], sort: SortKey | undefined, dir: "asc" | "desc", now: number): Job[] {
  if (!sort) return jobs;
  const key = KEYS[sort];
  const sign = dir === "asc" ? 1 : -1;
  const compare = (a: Key, b: Key) => (a < b ? -1 : a > b ? 1 : 0);
  return jobs
    .map((job) => ({ job, key: key(job, now) }))
    .sort((a, b) => sign * compare(a.key, b.key))
    .map(({ job }) => job);
}

/** Return the newest p50 and p95 as text; null without values. */
export function newestPair(points: Pick<LatencyPoint, "p50" | "p95">[] | undefined): string | null {
  const last = points?.findLast((point) => point.p50 !== null);
  return last?.p50 == null ? null : `${duration(last.p50)} / ${duration(last.p95 ?? last.p50)}`;
}

/** Return true for a status that no worker changes any more. */
export function finished(job: Job): boolean {
  return isFinished(job.status);
}

import type { ChangedJob } from "@/api/jobs/bulkOutcome";
import type { JobStatus } from "@/api/jobs/jobs";

/** What became of a job, in the words of an operator who retried it. */
export type Fate = "completed" | "again" | "waiting" | "cancelled";
export const FATES: readonly Fate[] = ["completed", "again", "waiting", "cancelled"];

const FATE: Record<JobStatus, Fate> = {
  completed: "completed",
  failed: "again",
  dead_letter: "again",
  cancelled: "cancelled",
  queued: "waiting",
  scheduled: "waiting",
  processing: "waiting",
  retrying: "waiting",
  suspended: "waiting",
  blocked: "waiting",
};

/** Return the jobs by what became of them. */
export function byFate(jobs: readonly ChangedJob[]): Record<Fate, ChangedJob[]> {
  const found: Record<Fate, ChangedJob[]> = { completed: [], again: [], waiting: [], cancelled: [] };
  for (const job of jobs) found[FATE[job.status]].push(job);
  return found;
}

import type { ErrorJobs } from "@/api/numbers/errorJobs";
import { STATUSES } from "@/jobs/status";
import type { JobStatus } from "@/api/jobs/jobs";

/**
 * Return where the jobs are that have an error now, by status, each a list that can be shown.
 *
 * How many jobs no longer have it is not known: the jobs of a period are counted once more after each retry, and those
 * that have it now are of all times.
 */
export function fatesOf({ byStatus }: ErrorJobs): { status: JobStatus; jobs: number }[] {
  return STATUSES.flatMap((status) => {
    const jobs = byStatus[status] ?? 0;
    return jobs > 0 ? [{ status, jobs }] : [];
  });
}

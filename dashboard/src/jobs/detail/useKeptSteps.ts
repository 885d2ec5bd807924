import { useQuery } from "@tanstack/react-query";
import type { JobDetail } from "@/api/jobs/jobs";
import { keptSteps } from "@/api/jobs/steps";
import { finished } from "@/jobs/measure";
import { usePolling } from "@/live/live";

const EVERY_MS = 5000;

/** Load the kept steps of a job, again and again while it may keep more. A job without steps causes no request. */
export function useKeptSteps(job: JobDetail) {
  // a running attempt may have kept its first steps
  const asks = job.steps > 0 || job.status === "processing";
  return useQuery({
    ...keptSteps(job.id),
    ...usePolling({ atLeast: EVERY_MS }, !finished(job)),
    enabled: asks,
  });
}

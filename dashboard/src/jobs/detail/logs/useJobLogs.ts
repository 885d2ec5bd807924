import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { JobDetail } from "@/api/jobs/jobs";
import { jobLogs } from "@/api/jobs/logs";
import { usePolling } from "@/live/live";
import { finished } from "@/jobs/measure";

/** Milliseconds after the job's end: its last lines reach CloudWatch some seconds after the job's row shows the end. */
const LAST_LOOKS = [2000, 8000, 30_000];

/** Load the lines of a job. While the job is followed, load them again, until shortly after its end. */
export function useJobLogs(job: JobDetail, follow: boolean) {
  const over = finished(job);
  const logs = useQuery({
    ...jobLogs(job.id),
    ...usePolling({ atLeast: 4000, calm: 0 }, !over && follow),
  });
  const followed = useRef(false);
  const { refetch } = logs;
  useEffect(() => {
    if (!over) followed.current = true;
    if (!over || !followed.current) return;
    const timers = LAST_LOOKS.map((ms) => setTimeout(() => void refetch(), ms));
    return () => timers.forEach(clearTimeout);
  }, [over, refetch]);
  return logs;
}

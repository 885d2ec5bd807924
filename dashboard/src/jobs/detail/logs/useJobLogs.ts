import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { JobDetail } from "@/api/jobs/jobs";
import { jobLogs } from "@/api/jobs/logs";
import { usePolling } from "@/live/live";
import { finished } from "@/jobs/measure";

/** Milliseconds after the end: lines reach CloudWatch later than the record says that it is over. */
const LAST_LOOKS = [2000, 8000, 30_000];

/** The lines of a job. While it is followed they are asked for again, to its end and a little longer. */
export function useJobLogs(job: JobDetail, follow: boolean) {
  const over = finished(job);
  const logs = useQuery({
    ...jobLogs(job.id),
    ...usePolling({ atLeast: 4000, busy: true }, !over && follow),
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

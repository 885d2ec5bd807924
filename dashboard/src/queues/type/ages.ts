import type { Job } from "@/api/jobs/jobs";
import { DAY } from "@/lib/time";

const HOUR = 3_600_000;

/** The number of dead letters by age, and the age of the oldest in milliseconds; null without dead letters. */
export interface Ages {
  hour: number;
  day: number;
  older: number;
  oldest: number | null;
}

/** Return the time since when a job is a dead letter. */
export function deadSince(job: Pick<Job, "finishedAt" | "updatedAt">): number {
  return job.finishedAt ?? job.updatedAt;
}

/** Count the dead letters of less than an hour, of less than a day, and the older ones. */
export function agesOf(jobs: readonly Pick<Job, "finishedAt" | "updatedAt">[], now: number): Ages {
  const ages = jobs.map((job) => Math.max(0, now - deadSince(job)));
  const under = (most: number) => ages.filter((age) => age < most).length;
  return {
    hour: under(HOUR),
    day: under(DAY) - under(HOUR),
    older: ages.length - under(DAY),
    oldest: ages.length > 0 ? Math.max(...ages) : null,
  };
}

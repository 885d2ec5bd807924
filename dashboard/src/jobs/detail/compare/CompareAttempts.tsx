import type { Attempt, JobDetail } from "@/api/jobs/jobs";
import { retries, runName } from "@/jobs/detail/runs";
import { keyOf } from "./compare";
import { CompareTwo } from "./CompareTwo";
import { t } from "@/texts/en/detail";

interface CompareProps {
  job: JobDetail;
  onClose: () => void;
}

/** Show two attempts of a job side by side. */
export default function CompareAttempts({ job, onClose }: CompareProps) {
  const newest = [...job.history].sort((a, b) => b.startedAt - a.startedAt);
  return (
    <CompareTwo
      title={t.compareAttempts}
      labels={[t.firstAttempt, t.secondAttempt]}
      entries={newest.map((attempt) => ({ key: keyOf(attempt), name: nameOf(attempt, job), attempt }))}
      onClose={onClose}
    />
  );
}

function nameOf({ gen, attempt }: Attempt, job: JobDetail): string {
  const run = retries(job) > 0 ? `${runName(gen, job)} · ` : "";
  return run + t.attempt(attempt);
}

import type { JobDetail } from "@/api/jobs/jobs";
import { t } from "@/texts/en/detail";

type Runs = Pick<JobDetail, "gen" | "history">;

/** Return the generation of the first run: those before it were replaced while a debounced job waited. */
function first({ gen, history }: Runs): number {
  return Math.min(gen, ...history.map((attempt) => attempt.gen));
}

/** Return how often the job was run again. */
export function retries(job: Runs): number {
  return job.gen - first(job);
}

/** Return the name of the run that a generation is. */
export function runName(gen: number, job: Runs): string {
  return gen <= first(job) ? t.firstRun : t.retryNumber(gen - first(job));
}

/** Return why the last attempt was given back, and what to do about it, as the API says it; null when it was not. */
export function whyGivenBack({ history, why }: Pick<JobDetail, "history" | "why">): string | null {
  return history.at(-1)?.outcome === "deferred" ? why : null;
}

import type { JobDetail } from "@/api/jobs/jobs";
import { t } from "@/texts/en/detail";

type Runs = Pick<JobDetail, "gen" | "history">;

/** Return the generation of the first run: earlier generations were replaced while a debounced job waited. */
function first({ gen, history }: Runs): number {
  return Math.min(gen, ...history.map((attempt) => attempt.gen));
}

/** Return how often the job was run again. */
export function retries(job: Runs): number {
  return job.gen - first(job);
}

/** Return the name of the run with this generation. */
export function runName(gen: number, job: Runs): string {
  return gen <= first(job) ? t.firstRun : t.retryNumber(gen - first(job));
}

/** Return why the last attempt was given back, and what to do, in the API's words; null if it was not given back. */
export function whyGivenBack({ history, why }: Pick<JobDetail, "history" | "why">): string | null {
  return history.at(-1)?.outcome === "deferred" ? why : null;
}

import type { Attempt, JobDetail } from "@/api/jobs/jobs";
import type { Deploy, ErrorGroup } from "@/api/numbers/metrics";
import { deployBefore } from "@/charts/deploys";

/** Return the last attempt of a job that failed with the error; prefer one with a stack trace. */
export function attemptOf(job: JobDetail, errorClass: ErrorGroup["errorClass"]): Attempt | undefined {
  const met = job.history
    .filter((one) => one.errorClass === errorClass)
    .sort((a, b) => a.startedAt - b.startedAt);
  return met.findLast((one) => one.stack !== null) ?? met.at(-1);
}

/**
 * Return the last deployment before the error first occurred. Return nothing if this deployment is before the shown
 * period: the error may then be older than the data.
 */
export function sinceDeploy(
  { firstSeen }: Pick<ErrorGroup, "firstSeen">,
  deploys: readonly Deploy[],
  shownFrom: number,
): Deploy | undefined {
  const found = deployBefore(deploys, firstSeen);
  return found && found.at > shownFrom ? found : undefined;
}

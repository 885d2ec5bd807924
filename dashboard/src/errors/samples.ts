import type { Attempt, JobDetail } from "@/api/jobs/jobs";
import type { Deploy, ErrorGroup } from "@/api/numbers/metrics";
import { deployBefore } from "@/charts/deploys";

/** Return the last attempt of a job that met the error; one with a stack first. */
export function attemptOf(job: JobDetail, errorClass: ErrorGroup["errorClass"]): Attempt | undefined {
  const met = job.history
    .filter((one) => one.errorClass === errorClass)
    .sort((a, b) => a.startedAt - b.startedAt);
  return met.findLast((one) => one.stack !== null) ?? met.at(-1);
}

/**
 * Return the deployment since which an error is there: the last one before it was first seen. None when that one is not
 * within the time that is shown: then the error may be older than what is known of it.
 */
export function sinceDeploy(
  { firstSeen }: Pick<ErrorGroup, "firstSeen">,
  deploys: readonly Deploy[],
  shownFrom: number,
): Deploy | undefined {
  const found = deployBefore(deploys, firstSeen);
  return found && found.at > shownFrom ? found : undefined;
}

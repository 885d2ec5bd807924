import type { Attempt, JobDetail, OperatorAct } from "@/api/jobs/jobs";
import { retries } from "@/jobs/detail/runs";

/** An entry of the timeline between creation and what comes next; a retry of which nobody knows who asked for it. */
export type TimelineStep =
  | { kind: "act"; at: number; act: OperatorAct }
  | { kind: "attempt"; at: number; attempt: Attempt }
  | { kind: "retry"; at: number };

/** Return what operators did to the job, and the attempts of the present run, in the order of their times. */
export function stepsOf(job: JobDetail, attempts: Attempt[]): TimelineStep[] {
  const acts = job.acts.map((act): TimelineStep => ({ kind: "act", at: act.at, act }));
  const known = retries(job) === 0 || job.acts.some((act) => act.action === "retry" && act.gen === job.gen);
  const retry: TimelineStep[] = known ? [] : [{ kind: "retry", at: attempts[0]?.startedAt ?? job.updatedAt }];
  const tries = attempts.map((attempt): TimelineStep => ({
    kind: "attempt",
    at: attempt.startedAt,
    attempt,
  }));
  return [...acts, ...retry, ...tries].sort((a, b) => a.at - b.at);
}

/** Return the run whose payload is the one after an edit: the next run that was edited away; null for the present one. */
export function keptAfter(job: JobDetail, edit: OperatorAct): number | null {
  const next = job.acts.find((act) => act.edited && act.gen > edit.gen);
  return next ? next.gen - 1 : null;
}

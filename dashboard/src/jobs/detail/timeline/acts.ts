import type { Attempt, JobDetail, OperatorAct } from "@/api/jobs/jobs";
import type { KeptStep } from "@/api/jobs/steps";
import { retries } from "@/jobs/detail/runs";

/** An entry of the timeline between creation and what comes next; a retry of which nobody knows who asked for it. */
export type TimelineStep =
  | { kind: "act"; at: number; act: OperatorAct }
  | { kind: "attempt"; at: number; attempt: Attempt }
  | { kind: "kept"; at: number; kept: KeptStep }
  | { kind: "retry"; at: number };

/** Milestones in the timeline; the list of steps has the others. */
const MOST_MILESTONES = 8;

/** Return what operators did to the job, the newest kept steps, and the attempts of the present run, in the order of their times. */
export function stepsOf(job: JobDetail, attempts: Attempt[], kept: KeptStep[] = []): TimelineStep[] {
  const milestones = kept
    .filter(({ kind }) => kind !== "now" && kind !== "uuid" && kind !== "version")
    .slice(-MOST_MILESTONES)
    .map((one): TimelineStep => ({ kind: "kept", at: one.at, kept: one }));
  const acts = job.acts.map((act): TimelineStep => ({ kind: "act", at: act.at, act }));
  const known = retries(job) === 0 || job.acts.some((act) => act.action === "retry" && act.gen === job.gen);
  const retry: TimelineStep[] = known ? [] : [{ kind: "retry", at: attempts[0]?.startedAt ?? job.updatedAt }];
  const tries = attempts.map((attempt): TimelineStep => ({
    kind: "attempt",
    at: attempt.startedAt,
    attempt,
  }));
  return [...acts, ...retry, ...tries, ...milestones].sort((a, b) => a.at - b.at);
}

/** Return the run whose payload is the one after an edit: the next run that was edited away; null for the present one. */
export function keptAfter(job: JobDetail, edit: OperatorAct): number | null {
  const next = job.acts.find((act) => act.edited && act.gen > edit.gen);
  return next ? next.gen - 1 : null;
}

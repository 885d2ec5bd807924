import type { Attempt, JobDetail, OperatorAct } from "@/api/jobs/jobs";
import type { KeptStep } from "@/api/jobs/steps";
import { retries } from "@/jobs/detail/runs";

/**
 * An entry of the timeline between the creation and the next event. The kind "retry" is a retry whose operator is not
 * known.
 */
export type TimelineStep =
  | { kind: "act"; at: number; act: OperatorAct }
  | { kind: "attempt"; at: number; attempt: Attempt }
  | { kind: "kept"; at: number; kept: KeptStep }
  | { kind: "retry"; at: number };

/** Maximum number of milestones in the timeline; the list of steps contains the others. */
const MOST_MILESTONES = 8;

/** Return the operators' actions, the newest kept steps, and the attempts, ordered by time. */
export function stepsOf(job: JobDetail, attempts: Attempt[], kept: KeptStep[] = []): TimelineStep[] {
  const milestones = kept
    .filter(({ kind }) => kind !== "now" && kind !== "uuid" && kind !== "version")
    .slice(-MOST_MILESTONES)
    .map((one): TimelineStep => ({ kind: "kept", at: one.at, kept: one }));
  const acts = job.acts.map((act): TimelineStep => ({ kind: "act", at: act.at, act }));
  const known = retries(job) === 0 || job.acts.some((act) => act.action === "retry" && act.gen === job.gen);
  const retry: TimelineStep[] = known
    ? []
    : [{ kind: "retry", at: attempts.find((one) => one.gen === job.gen)?.startedAt ?? job.updatedAt }];
  const tries = attempts.map((attempt): TimelineStep => ({
    kind: "attempt",
    at: attempt.startedAt,
    attempt,
  }));
  return [...acts, ...retry, ...tries, ...milestones].sort((a, b) => a.at - b.at);
}

/**
 * Return the run whose payload is the one after this edit: the next run whose payload was edited; null for the current
 * run.
 */
export function keptAfter(job: JobDetail, edit: OperatorAct): number | null {
  const next = job.acts.find((act) => act.edited && act.gen > edit.gen);
  return next ? next.gen - 1 : null;
}

import type { BulkTally } from "@/api/jobs/bulk";
import type { JobAction } from "@/jobs/status";
import { actionOf, type ManyAsk } from "./actions";
import { t } from "@/texts/en/actions";

/**
 * Return the number of jobs that will change. A dry run changes none, so it is the number of matching jobs without the
 * skipped ones.
 */
export function changing(tally: BulkTally): number {
  return tally.matched - tally.skipped.length;
}

/** Name the jobs of a question: "143 jobs that failed with ImageRefused"; `known` is null until they are counted. */
export function subject(question: ManyAsk, known: BulkTally | null): string {
  if (question.kind === "redrive") return t.deadLettersOf(question.count, question.type);
  const { scope } = question;
  const number = known && changing(known);
  if (scope === "selected") return t.selectedJobs(number);
  if (scope === "matching") return t.matchingJobs(number);
  return t.jobsFailedWith(number, scope.failedWith ?? t.thisError);
}

export function title(question: ManyAsk, known: BulkTally | null): string {
  return t.askMany[actionOf(question)](subject(question, known));
}

/** Return the text of the button that confirms: with the number of jobs once they are counted. */
export function act(question: ManyAsk, known: BulkTally | null): string {
  const action = actionOf(question);
  if (question.kind === "redrive") return t.actMany[action](question.count);
  return known === null ? t.actNow[action] : t.actMany[action](changing(known));
}

/** Say what will happen to the counted jobs. */
export function outlook(action: JobAction, tally: BulkTally): string {
  return t.outlook[action](changing(tally));
}

const MOST_REASONS = 5;

/**
 * Return the reasons why jobs were skipped, the most frequent first. The ids, which make each reason different, are
 * removed.
 */
export function reasons(tally: BulkTally): [reason: string, jobs: number][] {
  const found = new Map<string, number>();
  for (const { id, reason } of tally.skipped) {
    const common = reason.replace(`Job ${id} `, "").replaceAll(id, "it");
    found.set(common, (found.get(common) ?? 0) + 1);
  }
  return [...found].sort(([, a], [, b]) => b - a).slice(0, MOST_REASONS);
}

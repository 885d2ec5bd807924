import { plural } from "@/texts/numbers";
import type { BulkTally } from "@/api/bulk";
import type { JobAction } from "@/jobs/status";
import type { Ask } from "./actions";
import { VERB } from "./outcome";

export type ManyAsk = Exclude<Ask, { kind: "one" }>;

export function actionOf(question: ManyAsk): JobAction {
  return question.kind === "many" ? question.action : "retry";
}

/** Return the jobs that will change; a dry run changes none, so they are those matched and not skipped. */
export function changing(tally: BulkTally): number {
  return tally.matched - tally.skipped.length;
}

/** Name the jobs of a question: "143 jobs that failed with ImageRefused"; `known` is null until they are counted. */
export function subject(question: ManyAsk, known: BulkTally | null): string {
  if (question.kind === "redrive")
    return `${plural(question.count, "dead-lettered job")} of ${question.type}`;
  const number = (one: string) =>
    known === null ? `${one}s` : `${known.more ? "more than " : ""}${plural(changing(known), one)}`;
  if (question.scope === "selected") return number("selected job");
  if (question.scope === "matching") return number("matching job");
  const error = question.scope.failedWith ?? "this error";
  return `${number("job")} that failed with ${error}`;
}

export function title(question: ManyAsk, known: BulkTally | null): string {
  return `${VERB[actionOf(question)]} ${subject(question, known)}?`;
}

/** Say what will happen to the jobs that were counted. */
export function outlook(action: JobAction, tally: BulkTally): string {
  const number = changing(tally);
  const verb = action === "retry" ? "retried" : "cancelled";
  return `${tally.more ? "More than " : ""}${plural(number, "job")} will be ${verb}.`;
}

const MOST_REASONS = 5;

/** Return the reasons why jobs were skipped, the most frequent first, without the ids that make each one differ. */
export function reasons(tally: BulkTally): [reason: string, jobs: number][] {
  const found = new Map<string, number>();
  for (const { id, reason } of tally.skipped) {
    const common = reason.replace(`Job ${id} `, "").replaceAll(id, "it");
    found.set(common, (found.get(common) ?? 0) + 1);
  }
  return [...found].sort(([, a], [, b]) => b - a).slice(0, MOST_REASONS);
}

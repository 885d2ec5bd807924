import type { Job } from "@/api/jobs/jobs";
import type { Ask } from "@/jobs/actions/actions";
import { actionFilter, type JobsSearch } from "@/jobs/search";
import { accepts, type JobAction } from "@/jobs/status";

interface Picked {
  rows: Job[];
  ids: ReadonlySet<string>;
  /** True if all matching jobs are selected, also those that are not loaded. */
  matching: boolean;
  search: JobsSearch;
  /** End of a relative range of the filters, in milliseconds. */
  now: number;
}

/** Return the question before an action on the selection; null if no selected job allows the action. */
export function bulkQuestion(picked: Picked, action: JobAction, onDone: () => void): Ask | null {
  if (picked.matching) {
    const filter = actionFilter(picked.search, action, picked.now);
    return filter && { kind: "many", action, target: { filter }, scope: "matching", onDone };
  }
  const ids = picked.rows
    .filter((job) => picked.ids.has(job.id) && accepts(job, action))
    .map((job) => job.id);
  return ids.length > 0 ? { kind: "many", action, target: { ids }, scope: "selected", onDone } : null;
}

/** Return the question for another value of a field of the selected jobs' payloads; null if none can be retried. */
export function editQuestion(picked: Picked, onDone: () => void): Ask | null {
  const retry = bulkQuestion(picked, "retry", onDone);
  if (retry?.kind !== "many") return null;
  const jobs = picked.rows.filter(
    (job) => (picked.matching || picked.ids.has(job.id)) && accepts(job, "retry"),
  );
  return { kind: "edit", jobs, target: retry.target, scope: retry.scope, onDone };
}

/** Return the number of jobs in a question's list of ids; null if the question has a filter instead. */
export function countOf(question: Ask | null): number | null {
  if (question?.kind !== "many") return 0;
  return "ids" in question.target ? question.target.ids.length : null;
}

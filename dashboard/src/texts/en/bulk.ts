import { count, plural } from "../numbers";
import { texts } from "../texts";

export const english = {
  bulkActions: "Bulk actions",
  stoppedByError: "Stopped by an error.",
  stopped: "Stopped.",
  stop: "Stop",
  stopping: "Stopping…",
  dismiss: "Dismiss",
  aSecond: (jobs: string) => `${jobs} a second`,
  startedBy: (who: string) => `started by ${who}`,
  others: (n: number) => plural(n, "more bulk action"),
  auditLog: "Audit log",
  notFound: "Bulk action not found",
  keptFor: "Bulk actions are kept for 30 days; the newest 50 are listed.",
  couldntLoad: "Couldn't load bulk actions",
  loading: "Loading…",
  none: "No bulk actions",
  howToStart:
    "To retry, cancel or discard many jobs at once, select them on the page of the jobs, or open an error.",
  state: {
    running: "Running,",
    stopping: "Stopping,",
    stopped: "Stopped,",
    done: "Done,",
    failed: "Stopped by an error,",
  },
  changed: { retry: "Requeued", cancel: "Cancelled", discard: "Discarded" },
  skipped: "Skipped",
  took: "Time",
  speed: "Speed",
  chosenById: "Jobs chosen one by one.",
  chosenAll: "All jobs.",
  chosenByFilter: "Jobs with",
  edited: "Payloads edited:",
  outcome: "What became of the changed jobs",
  fates: {
    completed: "Completed",
    again: "Failed again",
    waiting: "Not finished yet",
    cancelled: "Cancelled",
  },
  onlyFirst: (looked: number, changed: number) =>
    `The first ${count(looked)} of ${count(changed)} changed jobs.`,
  gone: (n: number) => `${plural(n, "job")} of them ${n === 1 ? "is" : "are"} no longer stored.`,
  moreRows: (n: number) => `And ${plural(n, "more job")}.`,
  problem: (error: string) => `${error}. The jobs are tried again.`,
  progress: {
    retry: (done: number, whole: number | null) => `Retrying ${count(done)}${of(whole)}`,
    cancel: (done: number, whole: number | null) => `Cancelling ${count(done)}${of(whole)}`,
    discard: (done: number, whole: number | null) => `Discarding ${count(done)}${of(whole)}`,
  },
  result: {
    retry: (done: number, skipped: number) => `${plural(done, "job")} requeued${left(skipped)}.`,
    cancel: (done: number, skipped: number) => `${plural(done, "job")} cancelled${left(skipped)}.`,
    discard: (done: number, skipped: number) => `${plural(done, "job")} discarded${left(skipped)}.`,
  },
};

function of(whole: number | null): string {
  return whole === null ? "" : ` of ${count(whole)}`;
}

function left(skipped: number): string {
  return skipped > 0 ? `; ${count(skipped)} skipped` : "";
}

export const t = texts("bulk", english);

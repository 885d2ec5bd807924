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
  skippedToo: (jobs: string) => `${jobs} skipped`,
  startedBy: (who: string) => `started by ${who}`,
  problem: (error: string) => `${error}. The jobs are tried again.`,
  becauseOf: (jobs: number, reason: string) => `${plural(jobs, "job")}: ${reason}`,
  progress: {
    retry: (done: number, whole: number | null) => `Retrying ${count(done)}${of(whole)}`,
    cancel: (done: number, whole: number | null) => `Cancelling ${count(done)}${of(whole)}`,
    discard: (done: number, whole: number | null) => `Discarding ${count(done)}${of(whole)}`,
  },
  result: {
    retry: (done: number, skipped: number) => `${plural(done, "job")} re-queued${left(skipped)}.`,
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

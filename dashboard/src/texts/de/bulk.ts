import { count, plural } from "../numbers";
import type { english } from "../en/bulk";

export const bulk: typeof english = {
  bulkActions: "Sammelaktionen",
  stoppedByError: "Durch einen Fehler angehalten.",
  stopped: "Angehalten.",
  stop: "Anhalten",
  stopping: "Wird angehalten …",
  dismiss: "Schließen",
  aSecond: (jobs) => `${jobs} pro Sekunde`,
  skippedToo: (jobs) => `${jobs} übersprungen`,
  startedBy: (who) => `gestartet von ${who}`,
  problem: (error) => `${error}. Die Jobs werden noch einmal versucht.`,
  becauseOf: (jobs, reason) => `${plural(jobs, "Job", "Jobs")}: ${reason}`,
  progress: {
    retry: (done, whole) => `${count(done)}${of(whole)} wiederholt`,
    cancel: (done, whole) => `${count(done)}${of(whole)} abgebrochen`,
    discard: (done, whole) => `${count(done)}${of(whole)} verworfen`,
  },
  result: {
    retry: (done, skipped) => `${plural(done, "Job", "Jobs")} wieder in der Queue${left(skipped)}.`,
    cancel: (done, skipped) => `${plural(done, "Job", "Jobs")} abgebrochen${left(skipped)}.`,
    discard: (done, skipped) => `${plural(done, "Job", "Jobs")} verworfen${left(skipped)}.`,
  },
};

function of(whole: number | null): string {
  return whole === null ? "" : ` von ${count(whole)}`;
}

function left(skipped: number): string {
  return skipped > 0 ? `; ${count(skipped)} übersprungen` : "";
}

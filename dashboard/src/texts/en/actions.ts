import { count, plural } from "../numbers";
import { texts } from "../texts";

export const english = {
  cancellationRequestedFor: (name: string) => `Cancellation requested for ${name}.`,
  editPayload: "Edit payload",
  actNow: { retry: "Retry now", cancel: "Cancel now", discard: "Discard now", run: "Run now" },
  actMany: {
    retry: (n: number) => `Retry ${plural(n, "job")}`,
    cancel: (n: number) => `Cancel ${plural(n, "job")}`,
    discard: (n: number) => `Discard ${plural(n, "job")}`,
  },
  requeuesTheJobIn: "Requeues the job in",
  withTheSamePayload: (maxAttempts: number) =>
    `with the same payload. Attempts restart at 1 of ${maxAttempts}; history is kept.`,
  retryFrom: "Run again from",
  whereItStopped: "where it stopped",
  fromTheStart: "the start",
  isKept: "Kept",
  runsAnew: "Runs anew",
  eventsAgain: "Events to post again",
  nothing: "nothing that was kept",
  cancelRunning: "The job is running. It will stop at its next cancellation check.",
  cancelMade: "Also cancel the jobs it made",
  cancelledMade: (cancelled: number, asked: number, more: boolean) =>
    `Of the jobs it made, ${cancelled} were cancelled and ${asked} asked to stop.${more ? " There are more: cancel again." : ""}`,
  cancelUndoes:
    "The job has run steps: its function gets the request at its next step or wait, and can undo them. To stop a waiting job at once, cancel it again after a minute.",
  cancelWaiting: "The job is cancelled immediately. You can retry it later.",
  runMeaning: "Its wait ends: the next free worker takes it. Attempts that it has used stay used.",
  discardMeaning: "It is settled without running and counts as cancelled. You can still retry it.",
  discardHint: "Kept with the job and in the audit log, up to 200 characters. Write no personal data.",
  redriveMeaning: "Each job restarts at attempt 1. Its message is removed from the dead-letter queue.",
  keepJobs: "Keep jobs",
  cancel: "Cancel",
  counting: (n: number) => (n ? `Counting: ${count(n)} so far` : "Counting…"),
  notCounted: (problem: string) => `Could not count the jobs: ${problem}`,
  countStopped: "The count was stopped.",
  countAgain: "Count again",
  skippedBecause: (n: number, reason: string) => `${plural(n, "job")} skipped: ${reason}`,
  correlationId: (id: string) => `correlation id ${id}`,
  thisError: "this error",
  deadLettersOf: (n: number, type: string) => `${plural(n, "dead-lettered job")} of ${type}`,
  selectedJobs: (n: number | null) => counted(n, "selected job"),
  matchingJobs: (n: number | null) => counted(n, "matching job"),
  jobsFailedWith: (n: number | null, error: string) => `${counted(n, "job")} that failed with ${error}`,
  editManyTitle: "Edit a field and retry",
  editManyMeaning:
    "One field of the payloads gets another value; then the jobs run again from their first attempt. Each earlier payload is kept with its job.",
  payloadField: "Field",
  chooseField: "Choose a field",
  newValue: "New value",
  newValueAsJson: "As JSON: a number, true, false, null, or a text in quotes.",
  differentValues: (n: number) => plural(n, "value"),
  changes: "Changes",
  onlyLoadedShown: "Only the loaded jobs are shown.",
  moreChanges: (n: number) => `And ${plural(n, "more job")}.`,
  haveItAlready: (n: number) => `${plural(n, "job")} ${n === 1 ? "has" : "have"} this value already.`,
  payloadsNotLoaded: (n: number) =>
    `${plural(n, "payload")} ${n === 1 ? "is" : "are"} not in the list: too large, or replaced by a retry.`,
  loadingPayloads: "Loading the payloads that are not in the list…",
  noFields: "No field was found that can be changed here.",
  emptyText: "Set it to the empty text",
  doneOne: {
    retry: (name: string) => `Job ${name} requeued.`,
    cancel: (name: string) => `Job ${name} cancelled.`,
    discard: (name: string) => `Job ${name} discarded.`,
    run: (name: string) => `Job ${name} is due now.`,
  },
  askOne: {
    retry: (name: string) => `Retry job ${name}?`,
    cancel: (name: string) => `Cancel job ${name}?`,
    discard: (name: string) => `Discard job ${name}?`,
    run: (name: string) => `Run job ${name} now?`,
  },
  askMany: {
    retry: (jobs: string) => `Retry ${jobs}?`,
    cancel: (jobs: string) => `Cancel ${jobs}?`,
    discard: (jobs: string) => `Discard ${jobs}?`,
  },
  outlook: {
    retry: (n: number) => `${plural(n, "job")} will be retried.`,
    cancel: (n: number) => `${plural(n, "job")} will be cancelled.`,
    discard: (n: number) => `${plural(n, "job")} will be discarded.`,
  },
};

/** Name jobs that may not be counted yet. */
function counted(n: number | null, one: string): string {
  return n === null ? `${one}s` : plural(n, one);
}

export const t = texts("actions", english);

import { texts } from "../texts";

export const english = {
  switchTimes: "Switch between “3 min ago” and the time of day",
  keyboard: "Keyboard",
  commandPalette: "Command palette",
  pauseOrResumeLive: "Pause or resume live updates",
  switchTheme: "Switch theme",
  anywhere: "Anywhere",
  goToTheJobs: "Go to the jobs",
  goToTheQueues: "Go to the queues",
  goToTheSchedules: "Go to the schedules",
  goToTheLimits: "Go to the limits",
  goToTheBatches: "Go to the batches",
  goToTheErrors: "Go to the errors",
  goHome: "Go home",
  newJob: "New job",
  thisHelp: "This help",
  jobsAndJobDetail: "Jobs and job detail",
  search: "Search",
  nextPreviousJob: "Next, previous job",
  openTheRow: "Open the row",
  selectRow: "Select row",
  extendTheSelection: "Extend the selection",
  selectAllMatching: "Select all matching",
  retryTheSelectionOr: "Retry the selection, or the job",
  cancelTheSelectionOr: "Cancel the selection, or the job",
  discardTheSelectionOr: "Discard the selection, or the job",
  runTheJobNow: "Run the waiting job now",
  clearOrBack: "Clear selection / back to list",
  shiftWithJk: "Shift j  k",
};

export const t = texts("help", english);

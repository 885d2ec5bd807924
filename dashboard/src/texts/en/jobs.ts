import { texts } from "../texts";

export const english = {
  none: "none",
  underOneMinute: "< 1 min",
  about: (etaMs: string) => `about ${etaMs}`,
  growing: (growth: string) => `growing, +${growth}/min`,
  notShrinking: "not shrinking",
  nothingFinishes: "nothing finishes",
  anyTime: "Any time",
  last15Min: "Last 15 min",
  lastHour: "Last hour",
  last6Hours: "Last 6 hours",
  last24Hours: "Last 24 hours",
  last7Days: "Last 7 days",
  queued: "Queued",
  queuedMeaning: "Waiting for a worker.",
  scheduled: "Scheduled",
  scheduledMeaning: "Scheduled for later.",
  processing: "Processing",
  processingMeaning: "Running.",
  retrying: "Retrying",
  retryingMeaning: "Last attempt failed; retrying after backoff.",
  completed: "Completed",
  completedMeaning: "Completed.",
  failed: "Failed",
  failedMeaning: "Failed with a non-retryable error.",
  deadLetter: "Dead letter",
  deadLetterMeaning: "All attempts failed. Moved to the dead-letter queue.",
  cancelled: "Cancelled",
  cancelledMeaning: "Cancelled before completion.",
};

export const t = texts("jobs", english);

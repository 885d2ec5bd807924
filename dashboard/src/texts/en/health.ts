import { plural } from "../numbers";
import { texts } from "../texts";

export const english = {
  deadLetter: "Dead letter",
  numbers: "Numbers",
  queued: "Queued",
  oldest: (oldest: string) => `oldest ${oldest}`,
  running: "Running",
  retrying: "Retrying",
  inBackoff: "in backoff",
  inTheDlq: (dlqLength: string) => `${dlqLength} in the DLQ`,
  success: "Success",
  lastHourOf: (ended: string) => `of ${ended} in 1 h`,
  doneMin: "Done / min",
  lastMin: (text: number) => `last ${text} min`,
  viewJobs: (label: string) => `View jobs: ${label}`,
  couldntLoadMetrics: (problem: string) => `Couldn't load metrics: ${problem}`,
  health: "Health",
  loadingStatus: "Loading status",
  also: "Also",
  all: (length: number) => `All ${length}`,
  oldestJobQueuedAgo: (now: string) => `, oldest job queued ${now} ago`,
  inTheLastHour: (type: string, number: number) =>
    `${type}: ${plural(number, "new dead letter")} in the last hour.`,
  notWoken: (type: string, number: number, since: string) =>
    `${type}: ${plural(number, "suspended job")} not woken on time, the first due ${since} ago.`,
  isGrowingByA: (type: string, growthPerMinute: number, old: string) =>
    `${type} is growing by ${growthPerMinute} a minute${old}.`,
  isPaused: (type: string) => `${type} is paused.`,
  toReview: (type: string, number: number) => `${type}: ${plural(number, "error group")} to review.`,
  olderDeadLetters: (type: string, number: number, note = "") =>
    `${type}: ${plural(number, "older dead letter")}${note && `, ${note}`}.`,
  acknowledged: "acknowledged",
  notAcknowledged: (number: number, of: number) =>
    number === of ? "not acknowledged" : `${number} of them not acknowledged`,
  noOpenErrors: "no open errors in 24 h",
  jobQueuedDrainsIn: (type: string, number: number, text: string) =>
    `${type}: ${plural(number, "job")} queued, drains in ${text}.`,
  isFallingBehindOldest: (type: string, numbers: string) =>
    `${type} is falling behind: oldest job queued ${numbers} ago.`,
  allHealthyJobActive: (active: number) => `All healthy. ${plural(active, "job")} active.`,
  allHealthyQueuesAre: "All healthy. Queues are empty.",
};

export const t = texts("health", english);

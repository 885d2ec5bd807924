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
  perMinuteName: "Per minute",
  completedNote: "completed",
  viewJobs: (label: string) => `View jobs: ${label}`,
  couldntLoadMetrics: (problem: string) => `Couldn't load metrics: ${problem}`,
  schedulesUnchecked: "Couldn't check whether schedules fail.",
  scheduleFails: (id: string, failed: number) => `Schedule ${id}: the last ${failed} firings failed.`,
  health: "Health",
  loadingStatus: "Loading status",
  findings: "Findings",
  pastDead: (jobs: number) => `Last 24 h by hour: ${plural(jobs, "dead letter")}`,
  pastFailed: (attempts: number) => `Last 24 h by hour: ${plural(attempts, "failed attempt")}`,
  pastUnfinished: (most: number) => `Last 24 h by hour: at most ${plural(most, "unfinished job")}`,
  pastOldest: (most: string) => `Last 24 h by hour: the oldest job waited at most ${most}`,
  also: "Also",
  all: (length: number) => `All ${length}`,
  oldestJobQueuedAgo: (now: string) => `, oldest job queued ${now} ago`,
  inTheLastHour: (type: string, number: number) =>
    `${type}: ${plural(number, "new dead letter")} in the last hour.`,
  notWoken: (type: string, number: number, since: string) =>
    `${type}: ${plural(number, "suspended job")} not woken on time, the first due ${since} ago.`,
  viewLimit: "View the limit",
  viewLimitOf: (limit: string) => `View the limit ${limit}`,
  blockedLong: (type: string, number: number, limit: string, since: string) =>
    `${type}: ${plural(number, "job")} blocked by the limit ${limit}, the first for ${since}.`,
  doesNotStart: (type: string, queued: number) =>
    `${type}: its worker cannot start, or has died${queued ? `; ${plural(queued, "job")} queued` : ""}.`,
  backsOff: (type: string, retrying: number) =>
    `${type}: its queue holds too many messages; ${plural(retrying, "job")} retrying.`,
  waitsTooLong: (type: string, queued: number) =>
    `${type}: the oldest job has waited too long${queued ? `; ${plural(queued, "job")} queued` : ""}.`,
  failsTooOften: (type: string, failed: number) =>
    `${type}: more than 5 % of the last jobs failed; ${plural(failed, "failed job")} in all.`,
  isGrowingByA: (type: string, growthPerMinute: number, old: string) =>
    `${type} is growing by ${growthPerMinute} a minute${old}.`,
  spendsItsBudget: (type: string, percent: number) =>
    `${type} has spent ${percent} % of its budget of today (UTC).`,
  isPaused: (type: string, by: string, waiting: number) =>
    `${type} is paused${by && ` by ${by}`}: ${plural(waiting, "job")} ${waiting === 1 ? "waits" : "wait"}.`,
  perMinute: (n: string) => `+${n}/min`,
  why: "Why?",
  whyOf: (type: string) => `Why? ${type}`,
  viewErrors: "View errors",
  viewErrorsOf: (type: string) => `View errors: ${type}`,
  viewSchedule: "View schedule",
  viewScheduleOf: (id: string) => `View schedule ${id}`,
  viewTheJobs: "View jobs",
  resume: "Resume",
  resumeOf: (type: string) => `Resume ${type}`,
  resumed: (type: string) => `${type} resumed.`,
  retry: (number: string) => `Retry ${number}`,

  toReview: (type: string, number: number) => `${type}: ${plural(number, "error group")} to review.`,
  olderDeadLetters: (type: string, number: number, note = "") =>
    `${type}: ${plural(number, "older dead letter")}${note && `, ${note}`}.`,
  acknowledged: "acknowledged",
  notAcknowledged: (number: number, of: number) =>
    number === of ? "not acknowledged" : `${number} of them not acknowledged`,
  noOpenErrors: "no open errors in 24 h",
  jobQueuedEmptyIn: (type: string, number: number, text: string) =>
    `${type}: ${plural(number, "job")} queued, empty in about ${text}.`,
  isFallingBehindOldest: (type: string, numbers: string) =>
    `${type} is falling behind: oldest job queued ${numbers} ago.`,
  allHealthyUnfinished: (jobs: number) => `All healthy. ${plural(jobs, "unfinished job")}.`,
  allHealthyQueuesAre: "All healthy. Queues are empty.",
};

export const t = texts("health", english);

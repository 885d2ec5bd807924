import { plural } from "../numbers";
import { texts } from "../texts";

export const english = {
  title: "Why is it slow?",
  loading: "Loading the answer",
  busy: (busy: number, all: number) => `${busy} of ${plural(all, "worker")} busy`,
  aJob: (time: string) => `, ${time} a job`,
  startsAndArrivals: (starts: string, arrivals: string) => `: starts ${starts} a minute, ${arrivals} arrive`,
  noneCame: ": no job arrived or started in the last 5 minutes",
  paused: (arrivals: string) => `Paused: nothing starts, ${arrivals} a minute arrive`,
  nothingWaits: "no job waits.",
  waiting: (waiting: number) => `${plural(waiting, "job")} ${waiting === 1 ? "waits" : "wait"}.`,
  grows: (waiting: string, by: string) => `the backlog of ${waiting} grows by ${by} a minute.`,
  shrinks: (waiting: string, by: string, time: string | null) =>
    `the backlog of ${waiting} shrinks by ${by} a minute${time === null ? "." : `, empty in about ${time}.`}`,
  emptyIn: (waiting: string, time: string) => `the backlog of ${waiting} is empty in about ${time}.`,
  steady: (waiting: string) => `the backlog of ${waiting} stays the same.`,
  resumeIt: "Resume it when the reason for the pause is gone.",
  fixFirst: (percent: number) =>
    `${percent}% of the attempts in the last hour failed: look at the errors first.`,
  rateLimits: (rate: string) =>
    `Its rate is the limit, not its workers: at most ${rate}. A higher rate= would help.`,
  moreWorkers: (needed: number, all: number) =>
    `All workers are busy: concurrency=${needed} instead of ${all} would keep up, or shorter jobs.`,
  oneAtATime: (field: string) =>
    `Workers are free, but jobs with the same ${field} run one at a time. Check which of them wait.`,
  freeButWaiting: "Workers are free, but jobs wait. The page of a waiting job says what it waits for.",
  viewErrors: "View errors",
  viewWaiting: "View waiting jobs",
};

export const t = texts("why", english);

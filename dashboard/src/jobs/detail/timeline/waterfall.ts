import type { Job, JobDetail, JobStatus } from "@/api/jobs/jobs";
import type { LogLine } from "@/api/jobs/logs";
import type { KeptStep } from "@/api/jobs/steps";
import { isFailed } from "@/jobs/status";
import { axisOf, type Axis } from "./axis";
import { segments, type Segment } from "./timeline";

/** A bar of the waterfall: its position and length as shares of the whole, and its log lines as shares of the bar. */
export interface Row extends Segment {
  gen: number;
  left: number;
  width: number;
  lines: number[];
}

/** The minimum width of a bar, so that a short attempt beside an hour of waiting is visible. */
const LEAST = 0.004;

export interface Waterfall {
  rows: Row[];
  /** The child jobs that are drawn one by one, beside the job: all, or of many those that have failed. */
  children: ChildRow[];
  /** Many child jobs of one type, in one row. */
  crowds: Crowd[];
  /** How many child jobs of the crowds have failed. */
  failed: number;
  breaks: Axis["breaks"];
}

export interface ChildRow {
  job: Job;
  /** The time from its creation to its last start; null if it has not started. */
  wait: { left: number; width: number };
  /** The time from its last start to its end, or up to now; null while it waits for another attempt. */
  run: { left: number; width: number; kind: Segment["kind"]; ms: number } | null;
}

/** Child jobs of one type: how many there were in each part of the axis, by what they did. */
export interface Crowd {
  type: string;
  jobs: Job[];
  /** The parts of the axis, all of the same length. */
  parts: Partial<Record<Segment["kind"], number>>[];
  /** The largest number of jobs in a part. */
  most: number;
  /** From the first creation to the last end, in milliseconds. */
  ms: number;
}

/** Maximum number of child jobs that are drawn one by one. */
const MOST_CHILDREN = 20;
/** Of more child jobs, types with at most this number are still drawn one by one. */
const FEW = 5;
/** Maximum number of failed jobs of crowds that are also drawn one by one. */
export const MOST_FAILED = 10;
/** The number of parts of the axis of a crowd. */
const PARTS = 60;

/**
 * Return the waits, attempts and backoffs of all runs, oldest first, and the child jobs, on one axis. The time in which
 * nothing happens is left out, because a retry may come a week later. With `newest`, the axis and the rows are only
 * those of so many parts.
 */
export function waterfall(
  job: JobDetail,
  now: number,
  logs: LogLine[],
  kept: KeptStep[] = [],
  made: readonly Job[] = [],
  newest = Infinity,
): Waterfall {
  const all = Array.from({ length: job.gen }, (_, at) => at + 1).flatMap((gen) =>
    segments(job, now, gen, kept).map((part) => ({ ...part, gen })),
  );
  const parts = all.slice(-newest);
  const spans = made.map((one) => [one.createdAt, one.finishedAt ?? now] as const);
  const axis = axisOf([...parts.map(({ from, to }) => [from, to] as const), ...spans]);
  if (!axis) return { rows: [], children: [], crowds: [], failed: 0, breaks: [] };
  const { single, crowds } = divided(made);
  const failed = crowds.flatMap(([, jobs]) => jobs.filter(({ status }) => kindOf(status) === "failed"));
  const bar = (from: number, to: number) => ({
    left: Math.min(1 - LEAST, axis.place(from)),
    width: Math.max(LEAST, axis.place(to) - axis.place(from)),
  });
  return {
    rows: parts.map((part) => ({ ...part, ...bar(part.from, part.to), lines: linesIn(part, logs) })),
    children: [...single, ...failed.slice(0, MOST_FAILED)].map((one): ChildRow => {
      const { from, start, end } = timesOf(one, now);
      return {
        job: one,
        wait: bar(from, start ?? end),
        run: start === null ? null : { ...bar(start, end), kind: kindOf(one.status), ms: end - start },
      };
    }),
    crowds: crowds.map(([type, jobs]) => crowdOf(type, jobs, axis, now)),
    failed: failed.length,
    breaks: axis.breaks,
  };
}

/** Return the jobs that are drawn one by one, and those that are drawn as crowds, by type. */
function divided(made: readonly Job[]): { single: Job[]; crowds: [string, Job[]][] } {
  if (made.length <= MOST_CHILDREN) return { single: [...made], crowds: [] };
  const types = [...new Set(made.map(({ type }) => type))].map((type): [string, Job[]] => [
    type,
    made.filter((one) => one.type === type),
  ]);
  return {
    single: types.flatMap(([, jobs]) => (jobs.length <= FEW ? jobs : [])),
    crowds: types.filter(([, jobs]) => jobs.length > FEW),
  };
}

/** Return when a job was created, when it last started (null if it has not started), and its end or the current time. */
function timesOf(job: Job, now: number): { from: number; start: number | null; end: number } {
  const { createdAt, finishedAt, status } = job;
  // A job that waits for another attempt has kept its last start, which can be days ago; its end is not known.
  const started = finishedAt !== null || status === "processing" || status === "suspended";
  return { from: createdAt, start: started ? job.startedAt : null, end: finishedAt ?? now };
}

/** Count in each part of the axis the jobs that existed then: as running if they ran in it, else as waiting. */
function crowdOf(type: string, jobs: Job[], axis: Axis, now: number): Crowd {
  const parts = Array.from({ length: PARTS }, (): Crowd["parts"][number] => ({}));
  const partOf = (at: number) => Math.min(PARTS - 1, Math.floor(axis.place(at) * PARTS));
  for (const job of jobs) {
    const { from, start, end } = timesOf(job, now);
    const begin = start === null ? PARTS : partOf(start);
    for (let at = partOf(from); at <= partOf(end); at++) {
      const part = parts[at];
      const kind = at >= begin ? kindOf(job.status) : "wait";
      if (part) part[kind] = (part[kind] ?? 0) + 1;
    }
  }
  const most = Math.max(...parts.map((part) => Object.values(part).reduce((sum, n) => sum + n, 0)));
  const ends = jobs.map((job) => timesOf(job, now));
  const ms = Math.max(...ends.map(({ end }) => end)) - Math.min(...ends.map(({ from }) => from));
  return { type, jobs, parts, most, ms };
}

function kindOf(status: JobStatus): Segment["kind"] {
  if (status === "completed") return "done";
  if (isFailed(status)) return "failed";
  return status === "processing" ? "run" : status === "suspended" ? "asleep" : "wait";
}

/** Maximum number of lines in one bar; more lines would look like one block. */
const MOST_LINES = 40;

function linesIn({ kind, from, to }: Segment, logs: LogLine[]): number[] {
  if (kind === "wait" || kind === "backoff" || kind === "asleep" || to <= from) return [];
  const inside = logs.filter(({ at }) => at >= from && at <= to);
  return inside.slice(0, MOST_LINES).map(({ at }) => (at - from) / (to - from));
}

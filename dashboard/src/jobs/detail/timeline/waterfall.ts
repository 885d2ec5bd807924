import type { JobDetail } from "@/api/jobs/jobs";
import type { LogLine } from "@/api/jobs/logs";
import type { KeptStep } from "@/api/jobs/steps";
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

/**
 * Return the waits, attempts and backoffs of all runs, oldest first, on one axis. The time between two runs is left
 * out, because nothing happens then and a retry may come a week later.
 */
export function waterfall(job: JobDetail, now: number, logs: LogLine[], kept: KeptStep[] = []): Row[] {
  const parts = Array.from({ length: job.gen }, (_, at) => at + 1).flatMap((gen) =>
    segments(job, now, gen, kept).map((part) => ({ ...part, gen })),
  );
  const whole = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  if (whole <= 0) return [];
  let passed = 0;
  return parts.map((part) => {
    const length = part.to - part.from;
    const row = {
      ...part,
      left: Math.min(1 - LEAST, passed / whole),
      width: Math.max(LEAST, length / whole),
      lines: linesIn(part, logs),
    };
    passed += length;
    return row;
  });
}

/** Maximum number of lines in one bar; more lines would look like one block. */
const MOST_LINES = 40;

function linesIn({ kind, from, to }: Segment, logs: LogLine[]): number[] {
  if (kind === "wait" || kind === "backoff" || kind === "asleep" || to <= from) return [];
  const inside = logs.filter(({ at }) => at >= from && at <= to);
  return inside.slice(0, MOST_LINES).map(({ at }) => (at - from) / (to - from));
}

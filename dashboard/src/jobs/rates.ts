import { decimal } from "@/texts/numbers";
import type { Flow } from "@/api/numbers/flow";
import type { ThroughputPoint } from "@/api/numbers/metrics";
import { t } from "@/texts/en/jobs";

/** The number of minutes over which a rate is computed. */
const RATE_MINUTES = 5;

type Counted = Pick<ThroughputPoint, "created" | "completed" | "failed" | "deadLettered">;

/** Return jobs a minute over the last `RATE_MINUTES` whole minutes; the last point is the minute that has not ended. */
export function perMinute(points: readonly Counted[], key: keyof Counted): number {
  const whole = points.slice(-RATE_MINUTES - 1, -1);
  return whole.length === 0 ? 0 : whole.reduce((sum, point) => sum + point[key], 0) / whole.length;
}

export interface Drain {
  text: string;
  growing: boolean;
  /** `text` is the time until the queue is empty. */
  drains: boolean;
}

/** Say when a queue will be empty, or how fast it grows. */
export function drain(
  { growth, ends, drainMs }: Pick<Flow, "growth" | "ends" | "drainMs">,
  waiting: number,
): Drain {
  if (waiting === 0) return { text: t.none, growing: false, drains: false };
  // The estimate uses the latest rate at which the queue shrinks, so that a burst is reported as a backlog, not as
  // growth.
  if (drainMs !== null)
    return {
      text: drainMs < 60_000 ? t.underOneMinute : t.about(minutes(drainMs)),
      growing: false,
      drains: true,
    };
  if (growth > 0) return { text: t.growing(rate(growth)), growing: true, drains: false };
  return { text: ends > 0 ? t.notShrinking : t.nothingFinishes, growing: false, drains: false };
}

function rate(value: number): string {
  return value < 10 ? decimal(value, 1) : String(Math.round(value));
}

function minutes(ms: number): string {
  const whole = Math.round(ms / 60_000);
  return whole < 90 ? `${whole} min` : `${Math.round(whole / 60)} h`;
}

import type { Flow } from "@/api/numbers/flow";
import type { TypeNumbers } from "@/api/numbers/metrics";
import type { JobType } from "@/api/types";
import { spell } from "@/lib/time";
import { count, decimal } from "@/texts/numbers";
import { pace } from "../pace";
import { t } from "@/texts/en/why";

export type Tone = "good" | "busy" | "bad";

/** Why a type is slow, in words: what it does, and what would help. */
export interface Answer {
  tone: Tone;
  text: string;
  /** What would help; null if nothing has to be done. */
  help: string | null;
  /** The page on which the help begins. */
  leads: "errors" | "queued" | null;
}

/** The workers of a type's queue, and how many of them run a job. */
export interface Workers {
  busy: number;
  all: number;
}

/** Growth in jobs a minute below which a backlog stands still. */
const STEADY = 1;
/** Share of attempts that fail from which failures explain a backlog. */
const FAILING = 0.3;
/** Seconds that a job may wait before a free worker needs an explanation. */
const LONG_S = 30;

/** Return the workers of the queue of a type, which other types may share. */
export function workersOf(
  type: JobType,
  all: readonly JobType[],
  byType: Readonly<Record<string, TypeNumbers>>,
): Workers {
  const sharing = type.queue === null ? [type] : all.filter(({ queue }) => queue === type.queue);
  const busy = sharing.reduce((sum, { type: name }) => sum + (byType[name]?.byStatus.processing ?? 0), 0);
  return { busy: Math.min(busy, type.concurrency), all: type.concurrency };
}

/** Answer why the jobs of a type are slow. */
export function why(type: JobType, numbers: TypeNumbers, flow: Flow, workers: Workers): Answer {
  const waiting = numbers.byStatus.queued;
  const { help, leads } = remedy(type, numbers, flow, workers);
  const speed = numbers.paused ? t.paused(jobs(flow.arrivals)) : `${doing(flow, workers)}${moving(flow)}`;
  const text = `${speed}; ${backlog(waiting, flow, numbers.paused)}`;
  const tone = help === null ? (waiting > 0 ? "busy" : "good") : "bad";
  return { tone, text, help, leads };
}

function doing({ run }: Flow, { busy, all }: Workers): string {
  return t.busy(busy, all) + (run.mean === null ? "" : t.aJob(seconds(run.mean)));
}

function moving({ starts, arrivals }: Flow): string {
  if (starts === 0 && arrivals === 0) return t.noneCame;
  return t.startsAndArrivals(jobs(starts), jobs(arrivals));
}

function backlog(waiting: number, { growth, drainMs }: Flow, paused: boolean): string {
  if (waiting === 0) return t.nothingWaits;
  if (growth >= STEADY) return t.grows(count(waiting), jobs(growth));
  if (paused) return t.waiting(waiting);
  if (growth <= -STEADY)
    return t.shrinks(count(waiting), jobs(-growth), drainMs === null ? null : about(drainMs));
  if (drainMs !== null) return t.emptyIn(count(waiting), about(drainMs));
  return t.steady(count(waiting));
}

type Remedy = Pick<Answer, "help" | "leads">;
const NOTHING: Remedy = { help: null, leads: null };

function remedy(type: JobType, numbers: TypeNumbers, flow: Flow, { busy, all }: Workers): Remedy {
  const waiting = numbers.byStatus.queued;
  const falls = flow.growth <= -STEADY || flow.drainMs !== null;
  if (numbers.paused) return { help: t.resumeIt, leads: null };
  if (waiting === 0) return NOTHING;
  const failing = share(flow);
  if (failing >= FAILING) return { help: t.fixFirst(Math.round(failing * 100)), leads: "errors" };
  const late = (numbers.oldestQueuedAgeS ?? 0) >= LONG_S;
  if (falls && !late) return NOTHING;
  if (type.rate && flow.starts >= 0.8 * perMinute(type.rate))
    return { help: t.rateLimits(pace(type.rate)), leads: null };
  if (busy >= all) {
    const needed = Math.max(all + 1, Math.ceil((flow.arrivals * (flow.run.mean ?? 0)) / 60_000));
    return falls ? NOTHING : { help: t.moreWorkers(needed, all), leads: null };
  }
  if (!late) return NOTHING;
  if (type.serialBy !== null) return { help: t.oneAtATime(type.serialBy), leads: "queued" };
  return { help: t.freeButWaiting, leads: "queued" };
}

/** Return the share of the last hour's attempts that failed. */
function share({ lastHour: { completed, failed, retried, deadLettered } }: Flow): number {
  const bad = failed + retried + deadLettered;
  return bad === 0 ? 0 : bad / (bad + completed);
}

const perMinute = ({ n, per }: { n: number; per: number }) => (n * 60) / per;

function jobs(perMinutes: number): string {
  return perMinutes < 10 && !Number.isInteger(perMinutes)
    ? decimal(perMinutes, 1)
    : count(Math.round(perMinutes));
}

function seconds(ms: number): string {
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 59_500) return `${ms < 9_950 ? decimal(ms / 1000, 1) : Math.round(ms / 1000)} s`;
  return spell(ms);
}

const about = (ms: number) => spell(Math.max(1000, ms));

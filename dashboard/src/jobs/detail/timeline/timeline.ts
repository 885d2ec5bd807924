import type { Attempt, JobDetail, JobStatus } from "@/api/jobs/jobs";
import type { KeptStep } from "@/api/jobs/steps";
import { t } from "@/texts/en/detail";

/** A part of a job's time. Times in milliseconds. */
export interface Segment {
  kind: "wait" | "run" | "failed" | "deferred" | "backoff" | "done" | "asleep";
  label: string;
  from: number;
  to: number;
  /** The part has not ended: `to` is the current time. */
  open: boolean;
}

/** Return the attempts of a run (by default of the newest run), oldest first. */
export function currentAttempts(job: JobDetail, gen = job.gen): Attempt[] {
  return job.history
    .filter((one) => one.gen === gen)
    .sort((a, b) => a.claim - b.claim || a.attempt - b.attempt);
}

/** Return the parts of a run, by default the newest one, without gaps: waits, attempts, backoff, and `kept` sleeps. */
export function segments(job: JobDetail, now: number, gen = job.gen, kept: KeptStep[] = []): Segment[] {
  return withSleeps(awake(job, now, gen), sleeps(kept, now));
}

/** Return when a sleep or a wait ended, in milliseconds; null for other steps, and while it is not known. */
export function endOf(step: KeptStep, kept: KeptStep[], now: number): number | null {
  if (step.until === null || (step.kind !== "sleep" && step.kind !== "wait")) return null;
  const event =
    step.kind === "wait" ? kept.find(({ kind, name }) => kind === "event" && name === step.name) : undefined;
  if (event && !event.timedOut) return Math.max(step.at, event.at);
  return step.until <= now ? step.until : null;
}

function sleeps(kept: KeptStep[], now: number): Segment[] {
  return kept
    .filter(({ kind, until }) => until !== null && (kind === "sleep" || kind === "wait" || kind === "try"))
    .map((step) => {
      const next = step.until !== null && step.until <= now ? step.until : null;
      const end = step.kind === "try" ? next : endOf(step, kept, now);
      const label = `${t.stepKinds[step.kind]} ${step.name}`;
      return { kind: "asleep" as const, label, from: step.at, to: end ?? now, open: end === null };
    })
    .sort((a, b) => a.from - b.from);
}

/** Replace the part of a wait in which the job slept by the sleep; the rest of the wait stays a wait. */
function withSleeps(parts: Segment[], asleep: Segment[]): Segment[] {
  return parts.flatMap((part) => {
    if (part.kind !== "wait" && part.kind !== "backoff") return [part];
    const found: Segment[] = [];
    let at = part.from;
    for (const sleep of asleep) {
      const from = Math.max(at, sleep.from);
      const to = Math.min(part.to, sleep.to);
      if (to <= from) continue;
      if (from > at) found.push({ ...part, label: closed(part), from: at, to: from, open: false });
      found.push({ ...sleep, from, to, open: part.open && sleep.open });
      at = to;
    }
    return at < part.to || found.length === 0 ? [...found, { ...part, from: at }] : found;
  });
}

/** Return the label of the beginning of a wait that is still open. */
function closed({ kind, label, open }: Segment): string {
  return open && kind === "wait" ? t.waited : label;
}

function awake(job: JobDetail, now: number, gen: number): Segment[] {
  const attempts = currentAttempts(job, gen);
  const found: Segment[] = [];
  let at = gen === 1 ? job.createdAt : (retriedAt(job, gen) ?? attempts[0]?.startedAt ?? job.updatedAt);
  attempts.forEach((attempt, index) => {
    if (attempt.startedAt > at) {
      const kind = index === 0 ? "wait" : "backoff";
      found.push({
        kind,
        label: index === 0 ? t.waited : t.beforeAttempt(pauseAfter(attempts[index - 1]), attempt.attempt),
        from: at,
        to: attempt.startedAt,
        open: false,
      });
    }
    const open = attempt.finishedAt === null && attempt.outcome === "running";
    const to = attempt.finishedAt ?? (open ? now : attempt.startedAt);
    found.push({
      kind: segmentKind(attempt),
      label: t.attempt(attempt.attempt),
      from: attempt.startedAt,
      to,
      open,
    });
    at = to;
  });
  const waiting: Partial<Record<JobStatus, "wait" | "backoff">> = {
    queued: "wait",
    scheduled: "wait",
    retrying: "backoff",
    suspended: "wait",
    blocked: "wait",
  };
  const kind = gen === job.gen ? waiting[job.status] : undefined;
  if (kind && now > at) {
    const label = kind === "wait" ? t.waiting : pauseAfter(attempts.at(-1));
    found.push({ kind, label, from: at, to: now, open: true });
  }
  return found;
}

/** Return when an operator started this run: it waits from then on, not from its first attempt. */
function retriedAt(job: JobDetail, gen: number): number | null {
  return job.acts.find((act) => act.action === "retry" && act.gen === gen)?.at ?? null;
}

/** Name the wait after an attempt: requested by the function, or determined by the backoff. */
function pauseAfter(attempt: Attempt | undefined): string {
  return attempt?.outcome === "deferred" ? t.waitAskedFor : t.backoff;
}

function segmentKind(attempt: Attempt): Segment["kind"] {
  if (attempt.outcome === "running") return "run";
  if (attempt.outcome === "deferred") return "deferred";
  return attempt.outcome === "completed" ? "done" : "failed";
}

const KIND: Record<Segment["kind"], string> = {
  wait: t.waited,
  run: t.running,
  failed: t.failedAttempts,
  deferred: t.deferredAttempts,
  backoff: t.backoff,
  done: t.completedAttempt,
  asleep: t.asleep,
};
const FEW = 6;

/** Return the parts with their lengths in milliseconds; if there are more than `FEW`, they are summed up by kind. */
export function summed(parts: Segment[]): { kind: Segment["kind"]; label: string; ms: number }[] {
  if (parts.length <= FEW) return parts.map(({ kind, label, from, to }) => ({ kind, label, ms: to - from }));
  const sums = new Map<Segment["kind"], number>();
  for (const { kind, from, to } of parts) sums.set(kind, (sums.get(kind) ?? 0) + to - from);
  return [...sums].map(([kind, ms]) => ({ kind, label: KIND[kind], ms }));
}

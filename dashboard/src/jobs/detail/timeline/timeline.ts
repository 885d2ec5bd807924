import type { Attempt, JobDetail, JobStatus } from "@/api/jobs";

/** A stretch of a job's life. Times in milliseconds. */
export interface Segment {
  kind: "wait" | "run" | "failed" | "backoff" | "done";
  label: string;
  from: number;
  to: number;
  /** It goes on: `to` is now. */
  open: boolean;
}

/** The current run of the job: attempts of its newest generation, oldest first. */
export function currentAttempts(job: JobDetail): Attempt[] {
  return job.history.filter((one) => one.gen === job.gen).sort((a, b) => a.attempt - b.attempt);
}

/** What the job spent its time on in its current run. */
export function segments(job: JobDetail, now: number): Segment[] {
  const attempts = currentAttempts(job);
  const found: Segment[] = [];
  let at = job.gen === 1 ? job.createdAt : (attempts[0]?.startedAt ?? job.updatedAt);
  attempts.forEach((attempt, index) => {
    if (attempt.startedAt > at) {
      const kind = index === 0 ? "wait" : "backoff";
      found.push({
        kind,
        label: index === 0 ? "Waited" : `Backoff before attempt ${attempt.attempt}`,
        from: at,
        to: attempt.startedAt,
        open: false,
      });
    }
    const open = attempt.finishedAt === null && attempt.outcome === "running";
    const to = attempt.finishedAt ?? (open ? now : attempt.startedAt);
    found.push({
      kind: segmentKind(attempt),
      label: `Attempt ${attempt.attempt}`,
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
  };
  const kind = waiting[job.status];
  if (kind && now > at)
    found.push({ kind, label: kind === "wait" ? "Waiting" : "Backoff", from: at, to: now, open: true });
  return found;
}

function segmentKind(attempt: Attempt): Segment["kind"] {
  if (attempt.outcome === "running") return "run";
  return attempt.outcome === "completed" ? "done" : "failed";
}

const KIND: Record<Segment["kind"], string> = {
  wait: "Waited",
  run: "Running",
  failed: "Failed attempts",
  backoff: "Backoff",
  done: "Completed attempt",
};
const FEW = 6;

/** The stretches with their lengths in milliseconds; many of them summed up by what they are. */
export function summed(parts: Segment[]): { kind: Segment["kind"]; label: string; ms: number }[] {
  if (parts.length <= FEW) return parts.map(({ kind, label, from, to }) => ({ kind, label, ms: to - from }));
  const sums = new Map<Segment["kind"], number>();
  for (const { kind, from, to } of parts) sums.set(kind, (sums.get(kind) ?? 0) + to - from);
  return [...sums].map(([kind, ms]) => ({ kind, label: KIND[kind], ms }));
}

/** An attempt that is still possible, and the longest backoff before it, in seconds. */
export interface Coming {
  attempt: number;
  withinS: number;
}

const LONGEST_PAUSE_S = 300;

/** The retry schedule from here: full jitter below 2^attempts seconds, at most five minutes. */
export function remaining(job: Pick<JobDetail, "attempts" | "maxAttempts" | "status">): Coming[] {
  if (!["queued", "scheduled", "processing", "retrying"].includes(job.status)) return [];
  const next = job.status === "retrying" ? job.attempts + 2 : Math.max(2, job.attempts + 1);
  const coming: Coming[] = [];
  for (let attempt = next; attempt <= job.maxAttempts; attempt++) {
    coming.push({ attempt, withinS: Math.min(LONGEST_PAUSE_S, 2 ** (attempt - 1)) });
  }
  return coming;
}

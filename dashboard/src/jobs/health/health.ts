import type { Found } from "@/api/numbers/health";
import type { Metrics, TypeNumbers } from "@/api/numbers/metrics";
import type { JobsSearch } from "@/jobs/search";
import { spell } from "@/lib/time";
import { t } from "@/texts/en/health";

export type Level = "good" | "known" | "busy" | "warn" | "bad";

/** One finding about the system, and a link to exactly the jobs that it counts. */
export interface Finding {
  level: Level;
  sentence: string;
  jobs?: Pick<JobsSearch, "status" | "type" | "ended" | "endedBefore">;
  /** For a finding about errors: the link leads to exactly the error groups that it counts. */
  errors?: { type: string; only: "open" };
}

const SLOW_S = 60;
const LEVEL: Record<Found["kind"], Level> = {
  new_dead_letters: "bad",
  overdue: "bad",
  growing: "bad",
  paused: "warn",
  errors: "warn",
  dead_letters: "warn",
  draining: "busy",
};

/** Return the findings in the order of the API, but constant backlogs first; at least one finding. */
export function judge(found: Found[], metrics: Metrics, now: number): [Finding, ...Finding[]] {
  const open = new Set(found.filter(({ kind }) => kind === "errors").map(({ type }) => type));
  const told = found
    .filter(({ number, acknowledged }) => number !== acknowledged)
    .map((one) => ({ level: LEVEL[one.kind], ...tell(one, now, open.has(one.type)) }));
  const [first, ...rest] = [...standing(found, metrics), ...told, ...found.flatMap(known)];
  if (!first) return [healthy(metrics)];
  return QUIET.includes(first.level) ? [healthy(metrics), first, ...rest] : [first, ...rest];
}

const QUIET: readonly Level[] = ["busy", "known"];

/** Older dead letters whose errors are all acknowledged: after everything that is not. */
function known({ type, number, acknowledged, jobs }: Found): Finding[] {
  if (!acknowledged || acknowledged !== number) return [];
  return [{ level: "known", sentence: t.olderDeadLetters(type, number, t.acknowledged), ...lead(jobs) }];
}

const lead = (jobs: Found["jobs"]) => (jobs === null ? {} : { jobs });

/**
 * Return the text for one finding of the API. `open` is true if its type has errors of the last day that are not
 * acknowledged.
 */
function tell(
  { kind, type, number, growthPerMinute, drainMs, since, acknowledged, jobs }: Found,
  now: number,
  open: boolean,
): Omit<Finding, "level"> {
  const old = since === null ? "" : t.oldestJobQueuedAgo(spell(now - since));
  switch (kind) {
    case "new_dead_letters":
      return { sentence: t.inTheLastHour(type, number), ...lead(jobs) };
    case "overdue":
      return {
        sentence: t.notWoken(type, number, spell(now - (since ?? now))),
        jobs: { type, status: "suspended" },
      };
    case "growing":
      return { sentence: t.isGrowingByA(type, Math.round(growthPerMinute ?? 0), old), ...lead(jobs) };
    case "paused":
      return { sentence: t.isPaused(type), ...lead(jobs) };
    case "errors":
      return { sentence: t.toReview(type, number), errors: { type, only: "open" } };
    case "dead_letters":
      return {
        sentence:
          acknowledged === null
            ? t.olderDeadLetters(type, number, open ? "" : t.noOpenErrors)
            : t.olderDeadLetters(type, number, t.notAcknowledged(number - acknowledged, number)),
        ...lead(jobs),
      };
    case "draining":
      return {
        sentence: t.jobQueuedDrainsIn(type, number, spell(Math.max(1000, drainMs ?? 0))),
        ...lead(jobs),
      };
  }
}

/**
 * Return backlogs that neither grow nor shrink: the oldest job has waited for over `SLOW_S` seconds. The longest wait
 * first.
 */
function standing(found: Found[], metrics: Metrics): Finding[] {
  const known = new Set(
    found.filter(({ kind }) => ["growing", "draining", "paused"].includes(kind)).map(({ type }) => type),
  );
  return Object.entries(metrics.byType)
    .filter(([type, numbers]) => !known.has(type) && !numbers.paused && age(numbers) > SLOW_S)
    .sort(([, a], [, b]) => age(b) - age(a))
    .map(([type, numbers]) => ({
      level: "bad" as const,
      sentence: t.isFallingBehindOldest(type, spell(age(numbers) * 1000)),
      jobs: { type, status: "queued" as const },
    }));
}

function healthy({ byStatus }: Metrics): Finding {
  const active = byStatus.queued + byStatus.processing + byStatus.retrying;
  const sentence = active > 0 ? t.allHealthyJobActive(active) : t.allHealthyQueuesAre;
  return { level: "good", sentence };
}

function age(numbers: TypeNumbers): number {
  return numbers.oldestQueuedAgeS ?? 0;
}

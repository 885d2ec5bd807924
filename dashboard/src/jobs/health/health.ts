import type { Found } from "@/api/numbers/health";
import type { Metrics, TypeNumbers } from "@/api/numbers/metrics";
import type { JobsSearch } from "@/jobs/search";
import { spell } from "@/lib/time";
import { count } from "@/texts/numbers";
import type { FailingSchedule } from "./failingSchedules";
import { pastOf, type Past } from "./past";
import { t } from "@/texts/en/health";

export type Level = "good" | "known" | "busy" | "warn" | "bad";

/** One finding about the system: a sentence, a number, the page that explains it, and the action that helps. */
export interface Finding {
  level: Level;
  sentence: string;
  /** The job type; not set if everything is healthy. */
  type?: string;
  /** What the finding counts, as short as a cell: "12", "+38/min". */
  number?: string;
  /** The link leads to exactly the jobs that the finding counts. */
  jobs?: Pick<JobsSearch, "status" | "type" | "ended" | "endedBefore">;
  /**
   * The error groups that explain it; for a finding about errors, which has no `jobs`, the link leads to exactly those
   * that it counts.
   */
  errors?: { type: string; only?: "open" };
  /** For a finding about a queue: the page of this type, which says why it is slow. */
  page?: string;
  /** For a finding about a schedule: the link leads to this schedule. */
  schedule?: string;
  /** The name of the limit for which jobs wait. */
  limit?: string;
  help?: "retry" | "resume";
  /** What its last 24 hours show. */
  past?: Past;
}

const SLOW_S = 60;
const LEVEL: Record<Found["kind"], Level> = {
  not_starting: "bad",
  in_flight: "bad",
  oldest_job: "bad",
  failure_ratio: "bad",
  new_dead_letters: "bad",
  overdue: "bad",
  growing: "bad",
  blocked: "warn",
  budget: "warn",
  paused: "warn",
  errors: "warn",
  dead_letters: "warn",
  draining: "busy",
};

/** Return the findings in the order of the API, but constant backlogs first; at least one finding. */
export function judge(
  found: Found[],
  metrics: Metrics,
  now: number,
  failing: FailingSchedule[] | null = [],
): [Finding, ...Finding[]] {
  const open = new Set(found.filter(({ kind }) => kind === "errors").map(({ type }) => type));
  const told = found
    .filter(({ number, acknowledged }) => number !== acknowledged)
    .map((one) => ({
      level: LEVEL[one.kind],
      type: one.type,
      ...history(one.kind),
      ...tell(one, metrics, now, open.has(one.type)),
    }));
  const quiet = ({ level }: Finding) => QUIET.includes(level);
  const [first, ...rest] = [
    ...standing(found, metrics),
    ...told.filter((one) => !quiet(one)),
    ...streaks(failing ?? [], found, now),
    ...told.filter(quiet),
    ...(failing === null ? [UNCHECKED] : []),
    ...found.flatMap(known),
  ];
  if (!first) return [healthy(metrics)];
  return quiet(first) ? [healthy(metrics), first, ...rest] : [first, ...rest];
}

/** Return the number of findings that need somebody. */
export function attention(findings: readonly Finding[]): number {
  return findings.filter(({ level }) => level === "bad" || level === "warn").length;
}

/**
 * Return the schedules of which the last firings failed, as long as the type has errors or dead letters that nobody has
 * acknowledged: when all are acknowledged, somebody knows of them.
 */
function streaks(failing: FailingSchedule[], found: Found[], now: number): Finding[] {
  const open = new Set(
    found
      .filter(({ number, acknowledged }) => number !== acknowledged)
      .map(({ type, kind }) => `${kind} ${type}`),
  );
  return failing
    .filter(({ type, until }) => until > now && OF_ERRORS.some((kind) => open.has(`${kind} ${type}`)))
    .map(({ id, type, failed }) => ({
      level: "warn",
      sentence: t.scheduleFails(id, failed),
      type,
      number: count(failed),
      schedule: id,
    }));
}

const OF_ERRORS: readonly Found["kind"][] = ["errors", "new_dead_letters", "dead_letters"];
const UNCHECKED: Finding = { level: "known", sentence: t.schedulesUnchecked, schedule: "" };

const QUIET: readonly Level[] = ["busy", "known"];

/** Older dead letters whose errors are all acknowledged: after everything that is not. */
function known({ type, number, acknowledged, jobs }: Found): Finding[] {
  if (!acknowledged || acknowledged !== number) return [];
  const sentence = t.olderDeadLetters(type, number, t.acknowledged);
  return [
    { level: "known", type, sentence, number: count(number), ...history("dead_letters"), ...lead(jobs) },
  ];
}

function history(kind: Parameters<typeof pastOf>[0]): Pick<Finding, "past"> {
  const past = pastOf(kind);
  return past === null ? {} : { past };
}

const lead = (jobs: Found["jobs"]) => (jobs === null ? {} : { jobs });

/**
 * Return the text for one finding of the API. `open` is true if its type has errors of the last day that are not
 * acknowledged.
 */
function tell(
  { kind, type, number, growthPerMinute, drainMs, since, acknowledged, limit, jobs }: Found,
  { byType: numbers }: Metrics,
  now: number,
  open: boolean,
): Omit<Finding, "level"> {
  const old = since === null ? "" : t.oldestJobQueuedAgo(spell(now - since));
  switch (kind) {
    case "new_dead_letters":
      return { sentence: t.inTheLastHour(type, number), number: count(number), ...lead(jobs), help: "retry" };
    case "overdue":
      return {
        sentence: t.notWoken(type, number, spell(now - (since ?? now))),
        number: count(number),
        jobs: { type, status: "suspended" },
      };
    case "blocked":
      return {
        sentence: t.blockedLong(type, number, limit ?? "", spell(now - (since ?? now))),
        number: count(number),
        ...lead(jobs),
        ...(limit !== null && { limit }),
      };
    case "not_starting":
      return { sentence: t.doesNotStart(type, number), number: count(number), page: type };
    case "in_flight":
      return { sentence: t.backsOff(type, number), number: count(number), ...lead(jobs), page: type };
    case "oldest_job":
      return { sentence: t.waitsTooLong(type, number), number: count(number), page: type };
    case "failure_ratio":
      return {
        sentence: t.failsTooOften(type, number),
        number: count(number),
        ...lead(jobs),
        errors: { type },
      };
    case "growing":
      return {
        sentence: t.isGrowingByA(type, Math.round(growthPerMinute ?? 0), old),
        number: t.perMinute(count(Math.round(growthPerMinute ?? 0))),
        page: type,
      };
    case "budget":
      return { sentence: t.spendsItsBudget(type, number), number: `${number} %`, page: type };
    case "paused":
      return {
        sentence: t.isPaused(type, numbers[type]?.pause?.by ?? "", number),
        number: count(number),
        page: type,
        help: "resume",
      };
    case "errors":
      return { sentence: t.toReview(type, number), number: count(number), errors: { type, only: "open" } };
    case "dead_letters":
      return {
        sentence:
          acknowledged === null
            ? t.olderDeadLetters(type, number, open ? "" : t.noOpenErrors)
            : t.olderDeadLetters(type, number, t.notAcknowledged(number - acknowledged, number)),
        number: count(number),
        ...lead(jobs),
        help: "retry",
      };
    case "draining":
      return {
        sentence: t.jobQueuedEmptyIn(type, number, spell(Math.max(1000, drainMs ?? 0))),
        number: count(number),
        page: type,
      };
  }
}

/** The findings that say why the jobs of a type wait, or that tell of the same backlog. */
const EXPLAINS: readonly Found["kind"][] = [
  "not_starting",
  "in_flight",
  "growing",
  "draining",
  "paused",
  "oldest_job",
];

/**
 * Return backlogs that neither grow nor shrink: the oldest job has waited for over `SLOW_S` seconds. The longest wait
 * first.
 */
function standing(found: Found[], metrics: Metrics): Finding[] {
  const known = new Set(found.filter(({ kind }) => EXPLAINS.includes(kind)).map(({ type }) => type));
  return Object.entries(metrics.byType)
    .filter(([type, numbers]) => !known.has(type) && !numbers.paused && age(numbers) > SLOW_S)
    .sort(([, a], [, b]) => age(b) - age(a))
    .map(([type, numbers]) => ({
      level: "bad" as const,
      type,
      ...history("standing"),
      sentence: t.isFallingBehindOldest(type, spell(age(numbers) * 1000)),
      number: spell(age(numbers) * 1000),
      page: type,
    }));
}

function healthy({ byStatus }: Metrics): Finding {
  const unfinished = byStatus.queued + byStatus.processing + byStatus.retrying + byStatus.blocked;
  const sentence = unfinished > 0 ? t.allHealthyUnfinished(unfinished) : t.allHealthyQueuesAre;
  return { level: "good", sentence };
}

function age(numbers: TypeNumbers): number {
  return numbers.oldestQueuedAgeS ?? 0;
}

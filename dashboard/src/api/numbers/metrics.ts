import { because } from "@/api/reason";
import { queryOptions } from "@tanstack/react-query";
import type { Query } from "jobflow-aws";
import { ask } from "@/api/client";
import { moved, moves } from "@/api/movement";
import type { JobStatus, WireErrors, WireMetrics, WireNumbers } from "@/api/wire";

export interface Numbers {
  byStatus: Record<JobStatus, number>;
  total: number;
  queueLength: number;
  retryQueueLength: number;
  dlqLength: number;
}
export interface TypeNumbers extends Numbers {
  oldestQueuedAgeS: number | null;
  inFlight: number;
  paused: boolean;
  /** Seconds until the type's waiting jobs have started at its rate; null without a rate. */
  pacedForS: number | null;
  /**
   * Since when the type is paused, by whom and why; `by` and `reason` may be empty. Null if it is not paused. With
   * `next_probe_at`, the pause is automatic, and one job is tried at that time.
   */
  pause: { since: number; by: string; reason: string; next_probe_at?: string | null } | null;
}
/** A deployment of the stage, in milliseconds since the epoch. */
export interface Deploy {
  at: number;
  version: string;
}
export interface Metrics extends Numbers {
  byType: Record<string, TypeNumbers>;
  /** Oldest first. */
  deploys: Deploy[];
  asOf: number;
}

type WireCommon = Pick<
  WireNumbers,
  "by_status" | "total_jobs" | "queue_length" | "retry_queue_length" | "dlq_length"
>;

function toNumbers(wire: WireCommon): Numbers {
  return {
    byStatus: wire.by_status as Record<JobStatus, number>,
    total: wire.total_jobs,
    queueLength: wire.queue_length,
    retryQueueLength: wire.retry_queue_length,
    dlqLength: wire.dlq_length,
  };
}

function toMetrics(wire: WireMetrics): Metrics {
  const byType = Object.entries(wire.by_type).map(([type, numbers]): [string, TypeNumbers] => [
    type,
    {
      ...toNumbers(numbers),
      oldestQueuedAgeS: numbers.oldest_queued_age_s,
      inFlight: numbers.in_flight,
      paused: numbers.paused,
      pacedForS: numbers.paced_for_s ?? null,
      pause: numbers.pause && { ...numbers.pause, since: Date.parse(numbers.pause.since) },
    },
  ]);
  const deploys = wire.deploys.map(({ at, version }) => ({ at: Date.parse(at), version }));
  return { ...toNumbers(wire), byType: Object.fromEntries(byType), deploys, asOf: Date.parse(wire.as_of) };
}

export const metrics = () =>
  queryOptions({
    queryKey: ["metrics"],
    queryFn: async ({ signal }) => {
      const found = toMetrics(await ask("get", "/metrics", { signal }));
      if (moves(last, found)) moved();
      last = found;
      return found;
    },
  });

/** The numbers of the previous answer, to detect changes. */
let last: Metrics | null = null;

/** A period, in milliseconds, and a suitable step in seconds. */
export interface Range {
  from: number;
  to: number;
  step: number;
}

export interface ThroughputPoint {
  t: number;
  created: number;
  completed: number;
  failed: number;
  retried: number;
  deadLettered: number;
  /** Attempts that asked for a later run. */
  deferred: number;
}
export interface LatencyPoint {
  t: number;
  count: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

type SeriesMetric = "throughput" | "wait" | "run" | "total" | "depth" | "oldest" | "run_spread";

type Step = Query<"get", "/metrics/series">["step"];

export async function fetchSeries(
  metric: SeriesMetric,
  type: string | undefined,
  range: Range,
  signal: AbortSignal,
) {
  const query = {
    metric,
    type,
    from: new Date(range.from).toISOString(),
    to: new Date(range.to).toISOString(),
    step: String(range.step) as Step,
  };
  return ask("get", "/metrics/series", { query, signal });
}

/** `range` is called at each request, so that a live range moves with the time; `span` is its name in the cache. */
export const throughput = (type: string | undefined, span: string, range: () => Range) =>
  queryOptions({
    queryKey: ["series", "throughput", type ?? null, span],
    queryFn: async ({ signal }) => {
      const asked = range();
      const wire = await fetchSeries("throughput", type, asked, signal);
      const points = wire.points.flatMap((p): ThroughputPoint[] =>
        "created" in p ? [{ ...p, t: Date.parse(p.t), deadLettered: p.dead_lettered }] : [],
      );
      return { range: asked, points, drainEtaS: wire.drain_eta_s };
    },
  });

export const latency = (
  metric: "wait" | "run" | "total",
  type: string | undefined,
  span: string,
  range: () => Range,
) =>
  queryOptions({
    queryKey: ["series", metric, type ?? null, span],
    queryFn: async ({ signal }) => {
      const asked = range();
      const wire = await fetchSeries(metric, type, asked, signal);
      const points = wire.points.flatMap((p): LatencyPoint[] =>
        "p50" in p ? [{ ...p, t: Date.parse(p.t) }] : [],
      );
      return { range: asked, points };
    },
  });

export interface DepthPoint {
  t: number;
  depth: number;
}

/** The number of unfinished jobs of a type over time. */
export const depth = (type: string, span: string, range: () => Range) =>
  queryOptions({
    queryKey: ["series", "depth", type, span],
    queryFn: async ({ signal }) => {
      const wire = await fetchSeries("depth", type, range(), signal);
      return wire.points.flatMap((p): DepthPoint[] => ("depth" in p ? [{ ...p, t: Date.parse(p.t) }] : []));
    },
  });

export interface ErrorGroup {
  fingerprint: string;
  type: string;
  errorClass: string | null;
  message: string;
  count: number;
  firstSeen: number;
  lastSeen: number;
  sampleJobIds: string[];
  sparkline: number[];
  sparklineStepS: number;
  /** The number of jobs that met the error in this time; 0 if they were not counted. */
  jobs: number;
  state: WireErrors["groups"][number]["state"];
  /** The principal who acknowledged or resolved the group, and when; null while it is open. */
  acknowledged: { by: string; at: number } | null;
}

export const errorGroups = (type: string | undefined, span: string, since: () => number, open = false) =>
  queryOptions({
    queryKey: ["errors", type ?? null, span, open],
    queryFn: async ({ signal }) => {
      const query = { type, since: new Date(since()).toISOString(), ...(open && { unacknowledged: true }) };
      const { groups } = await ask("get", "/errors", { query, signal });
      return groups.map((group): ErrorGroup => ({
        fingerprint: group.fingerprint,
        type: group.type,
        errorClass: group.error_class,
        message: group.message,
        count: group.count,
        firstSeen: Date.parse(group.first_seen),
        lastSeen: Date.parse(group.last_seen),
        sampleJobIds: group.sample_job_ids,
        sparkline: group.sparkline,
        sparklineStepS: group.sparkline_step_s,
        jobs: group.jobs,
        state: group.state,
        acknowledged:
          group.acknowledged_by && group.acknowledged_at
            ? { by: group.acknowledged_by, at: Date.parse(group.acknowledged_at) }
            : null,
      }));
    },
  });

export type MarkOfError = "acknowledge" | "resolve" | "reopen";

/** Mark an error group as known or as fixed, or remove the mark. */
export async function markError(fingerprint: string, mark: MarkOfError, reason?: string): Promise<void> {
  await ask("post", `/errors/{fingerprint}/${mark}`, { path: { fingerprint }, body: because(reason) });
}

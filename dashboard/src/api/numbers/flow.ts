import { queryOptions } from "@tanstack/react-query";
import type { Schemas } from "jobflow-aws";
import { ask } from "@/api/client";

/** Durations in milliseconds; null where nothing was measured. */
export interface Durations {
  mean: number | null;
  p50: number | null;
  p95: number | null;
}

/** How fast the jobs of a type come, start and end: jobs a minute, over the last five whole minutes. */
export interface Flow {
  arrivals: number;
  starts: number;
  ends: number;
  /** The growth of the unfinished jobs; below 0 they become fewer. */
  growth: number;
  /** Milliseconds until the backlog is empty; null without a backlog, or while it grows. */
  drainMs: number | null;
  run: Durations;
  wait: Durations;
  lastHour: { completed: number; failed: number; retried: number; deadLettered: number };
  completedByMinute: number[];
}

/** The flow of all types, by type: one request. */
export const flows = () =>
  queryOptions({
    queryKey: ["flow"],
    queryFn: async ({ signal }) => {
      const { types } = await ask("get", "/metrics/flow", { signal });
      return Object.fromEntries(types.map((one): [string, Flow] => [one.type, toFlow(one)]));
    },
  });

function toFlow(wire: Schemas["FlowRow"]): Flow {
  const { completed, failed, retried, dead_lettered } = wire.last_hour;
  return {
    arrivals: wire.arrivals_per_minute,
    starts: wire.starts_per_minute,
    ends: wire.ends_per_minute,
    growth: wire.growth_per_minute,
    drainMs: wire.drain_eta_s === null ? null : wire.drain_eta_s * 1000,
    run: toDurations(wire.run),
    wait: toDurations(wire.wait),
    lastHour: { completed, failed, retried, deadLettered: dead_lettered },
    completedByMinute: wire.completed_by_minute,
  };
}

function toDurations({ mean_ms, p50_ms, p95_ms }: Schemas["Durations"]): Durations {
  return { mean: mean_ms, p50: p50_ms, p95: p95_ms };
}

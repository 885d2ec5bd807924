import type { components } from "jobflow-aws";
import { iso } from "./sim/model";
import { percentile } from "./sim/minutes";
import type { Sim } from "./sim/sim";
import { types } from "./sim/types";

type Schemas = components["schemas"];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const RECENT = 5;

/** How fast the jobs of each type come, start and end, as the API counts it. */
export function flows(sim: Sim): Schemas["Flows"] {
  const now = sim.now();
  const whole = Math.floor(now / MINUTE) * MINUTE;
  return { types: types.map(({ type }) => flow(sim, type, whole, now)), as_of: iso(now) };
}

function flow(sim: Sim, type: string, whole: number, now: number): Schemas["FlowRow"] {
  const sum = (from: number, ms: number) => sim.minutes.sum([type], from, ms);
  const [recent, hour] = [sum(whole - RECENT * MINUTE, RECENT * MINUTE), sum(whole - HOUR, HOUR + MINUTE)];
  const ended = recent.counts.completed + recent.counts.failed + recent.counts.dead_lettered;
  const growth = (recent.counts.created - ended) / RECENT;
  const waiting = [...sim.jobs.values()].filter((job) => job.type === type && job.status === "queued").length;
  return {
    type,
    arrivals_per_minute: recent.counts.created / RECENT,
    starts_per_minute: recent.wait.length / RECENT,
    ends_per_minute: ended / RECENT,
    growth_per_minute: growth,
    drain_eta_s: growth < 0 && waiting > 0 ? (waiting / -growth) * 60 : null,
    run: durations(recent.run.length > 0 ? recent.run : hour.run),
    wait: durations(recent.wait.length > 0 ? recent.wait : hour.wait),
    last_hour: hour.counts,
    completed_by_minute: Array.from(
      { length: 61 },
      (_, at) => sum(Math.floor((now - HOUR) / MINUTE) * MINUTE + at * MINUTE, MINUTE).counts.completed,
    ),
  };
}

function durations(all: number[]): Schemas["Durations"] {
  const mean = all.length > 0 ? all.reduce((total, ms) => total + ms, 0) / all.length : null;
  return { count: all.length, mean_ms: mean, p50_ms: percentile(all, 0.5), p95_ms: percentile(all, 0.95) };
}

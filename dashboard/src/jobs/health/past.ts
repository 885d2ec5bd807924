import type { Found } from "@/api/numbers/health";

/** What the last 24 hours of a finding show: events of each hour, or a state at the end of each hour. */
export type Past = "dead" | "failed" | "unfinished" | "oldest";

const PAST: Partial<Record<Found["kind"] | "standing", Past>> = {
  new_dead_letters: "dead",
  dead_letters: "dead",
  errors: "failed",
  failure_ratio: "failed",
  oldest_job: "oldest",
  standing: "oldest",
  not_starting: "unfinished",
  in_flight: "unfinished",
  paused: "unfinished",
  growing: "unfinished",
  draining: "unfinished",
};

/** Return what the past of a finding shows; null if no number over time belongs to it. */
export function pastOf(kind: Found["kind"] | "standing"): Past | null {
  return PAST[kind] ?? null;
}

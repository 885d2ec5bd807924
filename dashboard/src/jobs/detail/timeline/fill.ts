import type { Segment } from "./timeline";

/** The colour of each kind of time. */
export const FILL: Record<Segment["kind"], string> = {
  wait: "bg-strong",
  run: "bg-blue",
  failed: "bg-red",
  deferred: "bg-amber",
  backoff: "hazard",
  done: "bg-green",
  asleep: "bg-violet",
};

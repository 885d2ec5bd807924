import type { Metrics } from "@/api/numbers/metrics";

/** The types that JobFlow brings along. */
const BUILT_IN = ["email.send", "image.process", "report.generate"];

/** Types of which only the platform itself creates jobs. */
export const OF_PLATFORM = ["webhook.deliver"];

/** Above this number of jobs, nobody needs the list any more. */
const MOST_JOBS = 50;

export const STEPS = ["create", "complete", "look", "own"] as const;
export type StepName = (typeof STEPS)[number];

/** Return the first steps that are done; null if the list has ended: all are done, or there are many jobs. */
export function firstSteps(
  metrics: Pick<Metrics, "total" | "byStatus">,
  types: readonly string[],
  jobSeen: boolean,
): ReadonlySet<StepName> | null {
  const facts: Record<StepName, boolean> = {
    create: metrics.total > 0,
    complete: metrics.byStatus.completed > 0,
    look: jobSeen,
    own: types.some((type) => !BUILT_IN.includes(type) && !OF_PLATFORM.includes(type)),
  };
  const done = new Set(STEPS.filter((step) => facts[step]));
  return done.size === STEPS.length || metrics.total > MOST_JOBS ? null : done;
}

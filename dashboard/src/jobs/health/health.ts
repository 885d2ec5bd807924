import type { Metrics, TypeNumbers } from "@/api/metrics";
import { plural } from "@/lib/format";
import { short } from "@/lib/time";

export type Level = "good" | "busy" | "warn" | "bad";

export interface Health {
  level: Level;
  /** One sentence that says whether all is well. */
  sentence: string;
}

const SLOW_S = 60;

/** Whether all is well: the worst thing first. */
export function judge(metrics: Metrics): Health {
  const types = Object.entries(metrics.byType);
  const paused = types.filter(([, numbers]) => numbers.paused).map(([type]) => type);
  const slowest = types.reduce<[string, TypeNumbers] | null>(
    (worst, one) => (age(one) > age(worst) ? one : worst),
    null,
  );
  const { byStatus } = metrics;
  const stopped = `${paused.join(", ")} ${paused.length > 1 ? "are" : "is"} paused`;
  if (byStatus.dead_letter > 0) {
    const verb = byStatus.dead_letter === 1 ? "waits" : "wait";
    const also = paused.length > 0 ? `, and ${stopped}` : "";
    return {
      level: "bad",
      sentence: `${plural(byStatus.dead_letter, "job")} gave up and ${verb} for you${also}.`,
    };
  }
  if (slowest && age(slowest) > SLOW_S && !slowest[1].paused) {
    return {
      level: "warn",
      sentence: `${slowest[0]} is behind: its oldest job has waited ${short(age(slowest) * 1000)}.`,
    };
  }
  if (paused.length > 0) return { level: "warn", sentence: `${stopped}.` };
  if (byStatus.failed > 0)
    return {
      level: "warn",
      sentence: `Running well, with ${plural(byStatus.failed, "failed job")} to look at.`,
    };
  if (byStatus.retrying > 0)
    return {
      level: "busy",
      sentence: `${plural(byStatus.retrying, "job")} will be tried again; nothing needs you.`,
    };
  const active = byStatus.queued + byStatus.processing;
  if (active > 0) return { level: "good", sentence: `All is well: ${plural(active, "job")} in hand.` };
  return { level: "good", sentence: "All is well, and nothing waits." };
}

function age(one: [string, TypeNumbers] | null): number {
  return one?.[1].oldestQueuedAgeS ?? 0;
}

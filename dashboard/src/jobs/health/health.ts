import type { JobStatus } from "@/api/jobs";
import type { Metrics, TypeNumbers } from "@/api/metrics";
import { plural } from "@/lib/format";
import { spell } from "@/lib/time";

export type Level = "good" | "busy" | "warn" | "bad";

/** One thing to know about the system, and the jobs that it is about. */
export interface Finding {
  level: Level;
  sentence: string;
  search?: { status?: JobStatus; type?: string };
}

const SLOW_S = 60;
const VERY_SLOW_S = 300;
const RANK: Level[] = ["bad", "warn", "busy", "good"];

/** Return what there is to know, the most urgent first; at least one finding. A backlog comes before what has ended. */
export function judge(metrics: Metrics): [Finding, ...Finding[]] {
  const found = [...backlogs(metrics), ...ended(metrics)];
  const [first, ...rest] = found.sort((a, b) => RANK.indexOf(a.level) - RANK.indexOf(b.level));
  return first ? [first, ...rest] : [healthy(metrics)];
}

/** Types whose oldest job has waited for more than `SLOW_S` seconds, the longest wait first, and paused types. */
function backlogs(metrics: Metrics): Finding[] {
  const types = Object.entries(metrics.byType);
  const behind = types
    .filter(([, numbers]) => !numbers.paused && age(numbers) > SLOW_S)
    .sort(([, a], [, b]) => age(b) - age(a))
    .map(([type, numbers]): Finding => ({
      level: age(numbers) > VERY_SLOW_S ? "bad" : "warn",
      sentence: `${type} is falling behind: oldest job queued ${spell(age(numbers) * 1000)} ago.`,
      search: { type, status: "queued" },
    }));
  const paused = types
    .filter(([, numbers]) => numbers.paused)
    .map(([type]): Finding => ({ level: "warn", sentence: `${type} is paused.`, search: { type } }));
  return [...behind, ...paused];
}

/** Jobs that wait for a person, or will run again. */
function ended({ byStatus }: Metrics): Finding[] {
  const found: Finding[] = [];
  if (byStatus.dead_letter > 0) {
    const verb = byStatus.dead_letter === 1 ? "needs" : "need";
    const sentence = `${plural(byStatus.dead_letter, "dead-lettered job")} ${verb} attention.`;
    found.push({ level: "bad", sentence, search: { status: "dead_letter" } });
  }
  if (byStatus.failed > 0)
    found.push({
      level: "warn",
      sentence: `${plural(byStatus.failed, "failed job")} to review.`,
      search: { status: "failed" },
    });
  if (byStatus.retrying > 0) {
    const verb = byStatus.retrying === 1 ? "is" : "are";
    const sentence = `${plural(byStatus.retrying, "job")} ${verb} retrying. No action needed.`;
    found.push({ level: "busy", sentence, search: { status: "retrying" } });
  }
  return found;
}

function healthy({ byStatus }: Metrics): Finding {
  const active = byStatus.queued + byStatus.processing;
  const sentence =
    active > 0 ? `All healthy. ${plural(active, "job")} active.` : "All healthy. Queues are empty.";
  return { level: "good", sentence };
}

function age(numbers: TypeNumbers): number {
  return numbers.oldestQueuedAgeS ?? 0;
}

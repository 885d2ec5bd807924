export type Event = "created" | "completed" | "failed" | "retried" | "dead_lettered" | "deferred";
type Timing = "wait" | "run";

interface Minute {
  counts: Record<Event, number>;
  wait: number[];
  run: number[];
}

const MINUTE = 60_000;

/** What happened in each minute, by type. */
export class Minutes {
  private readonly buckets = new Map<string, Minute>();

  count(type: string, at: number, event: Event, n = 1): void {
    this.at(type, at).counts[event] += n;
  }

  time(type: string, at: number, what: Timing, ms: number): void {
    this.at(type, at)[what].push(ms);
  }

  private at(type: string, at: number): Minute {
    const key = `${type}@${Math.floor(at / MINUTE)}`;
    const known = this.buckets.get(key);
    if (known) return known;
    const made: Minute = {
      counts: { created: 0, completed: 0, failed: 0, retried: 0, dead_lettered: 0, deferred: 0 },
      wait: [],
      run: [],
    };
    this.buckets.set(key, made);
    return made;
  }

  /** The minutes from `start`, `step` ms long, of these types, as one. */
  sum(types: string[], start: number, step: number): Minute {
    const total: Minute = {
      counts: { created: 0, completed: 0, failed: 0, retried: 0, dead_lettered: 0, deferred: 0 },
      wait: [],
      run: [],
    };
    for (let at = start; at < start + step; at += MINUTE) {
      for (const type of types) {
        const bucket = this.buckets.get(`${type}@${Math.floor(at / MINUTE)}`);
        if (!bucket) continue;
        for (const event of Object.keys(total.counts) as Event[]) total.counts[event] += bucket.counts[event];
        total.wait.push(...bucket.wait);
        total.run.push(...bucket.run);
      }
    }
    return total;
  }
}

/** The value that a share of the values does not exceed; null of none. */
export function percentile(values: number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

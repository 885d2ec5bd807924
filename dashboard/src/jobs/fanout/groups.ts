import type { Job, JobStatus } from "@/api/jobs/jobs";

/** Jobs of one type with one status, in their order. */
export interface Group {
  status: JobStatus;
  jobs: Job[];
}

/** The order of the groups: what needs a person first, then what runs, what waits, and what is over. */
const ORDER: Record<JobStatus, number> = {
  failed: 0,
  dead_letter: 1,
  processing: 2,
  retrying: 3,
  suspended: 4,
  blocked: 5,
  queued: 6,
  scheduled: 7,
  completed: 8,
  cancelled: 9,
};

/** Return the jobs by type (the type with the most jobs first), and by status within a type. */
export function grouped(jobs: readonly Job[]): { type: string; number: number; groups: Group[] }[] {
  const sorted = [...jobs].sort(inOrder);
  return [...by(sorted, ({ type }) => type)]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([type, found]) => ({
      type,
      number: found.length,
      groups: [...by(found, ({ status }) => status)]
        .map(([status, some]) => ({ status, jobs: some }))
        .sort((a, b) => ORDER[a.status] - ORDER[b.status]),
    }));
}

function by<Key>(jobs: Job[], keyOf: (job: Job) => Key): Map<Key, Job[]> {
  const found = new Map<Key, Job[]>();
  for (const job of jobs) {
    const known = found.get(keyOf(job));
    if (known) known.push(job);
    else found.set(keyOf(job), [job]);
  }
  return found;
}

/** The order in which the jobs were made; of jobs made in one second, that of their keys: "part.2" before "part.10". */
function inOrder(a: Job, b: Job): number {
  const second = Math.floor(a.createdAt / 1000) - Math.floor(b.createdAt / 1000);
  if (second !== 0) return second;
  const keys = collator.compare(a.idempotencyKey ?? "", b.idempotencyKey ?? "");
  return keys || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}

const collator = new Intl.Collator("en", { numeric: true });

/** Return the key of a job, unless it is the hash that a member of a batch without a key gets. */
export function ownKey({ idempotencyKey: key }: Job): string | null {
  return key !== null && /^[0-9a-f]{32}$/.test(key) ? null : key;
}

/** Return where a key leads from a cell; `rows` are the cells of each line on the screen. Null: nowhere. */
export function moved(rows: readonly (readonly string[])[], from: string, key: string): string | null {
  const row = rows.findIndex((cells) => cells.includes(from));
  const line = rows[row];
  if (!line) return null;
  const column = line.indexOf(from);
  const flat = rows.flat();
  const at = flat.indexOf(from);
  const beside = (cells: readonly string[] | undefined) =>
    cells?.[Math.min(column, cells.length - 1)] ?? null;
  if (key === "ArrowRight") return flat[at + 1] ?? null;
  if (key === "ArrowLeft") return flat[at - 1] ?? null;
  if (key === "ArrowDown") return beside(rows[row + 1]);
  if (key === "ArrowUp") return beside(rows[row - 1]);
  if (key === "Home") return flat[0] ?? null;
  return key === "End" ? (flat.at(-1) ?? null) : null;
}

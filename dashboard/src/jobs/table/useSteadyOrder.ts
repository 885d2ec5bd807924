import { useMemo, useState } from "react";
import type { Job } from "@/api/jobs/jobs";
import { sortJobs } from "@/jobs/measure";
import type { SortKey } from "@/jobs/search";

/** Return the rows in an order that is computed once: a row whose value changes keeps its place. */
export function useSteadyOrder(
  rows: Job[],
  sort: SortKey | undefined,
  dir: "asc" | "desc",
  now: number,
): Job[] {
  const key = `${sort} ${dir} ${rows.length} ${rows[0]?.id}`;
  const [kept, setKept] = useState({ key, ids: inOrder(rows, sort, dir, now) });
  if (kept.key !== key) setKept({ key, ids: inOrder(rows, sort, dir, now) });
  return useMemo(() => {
    if (!sort) return rows;
    const known = new Map(rows.map((job) => [job.id, job]));
    return kept.ids.flatMap((id) => known.get(id) ?? []);
  }, [rows, sort, kept]);
}

function inOrder(rows: Job[], sort: SortKey | undefined, dir: "asc" | "desc", now: number): string[] {
  return sort ? sortJobs(rows, sort, dir, now).map((job) => job.id) : [];
}

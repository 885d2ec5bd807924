import type { Job, JobPage } from "@/api/jobs/jobs";

/** The rows on screen, which keep their places, and what has changed since they were loaded. */
export interface Feed {
  rows: Job[];
  /** New jobs that are not on screen yet. */
  fresh: number;
  /** Jobs on screen that no longer match the filter. */
  left: ReadonlySet<string>;
}

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Merge the newest page from the server into the loaded rows: rows are updated, but none moves, appears or disappears.
 * `later` contains jobs that were loaded one by one.
 */
export function mergeFeed(
  pages: JobPage[],
  head: JobPage | undefined,
  later: ReadonlyMap<string, Job>,
): Feed {
  const loaded = unique(pages.flatMap((page) => page.jobs));
  if (!head) return { rows: loaded.map((job) => newer(job, later.get(job.id))), fresh: 0, left: NOBODY };
  const now = new Map(head.jobs.map((job) => [job.id, job]));
  const known = new Set(loaded.map((job) => job.id));
  const rows = loaded.map((job) => newer(newer(job, now.get(job.id)), later.get(job.id)));
  return { rows, fresh: countFresh(head, known, pages), left: findLeft(loaded, now, head) };
}

function unique(jobs: Job[]): Job[] {
  const seen = new Set<string>();
  return jobs.filter((job) => !seen.has(job.id) && seen.add(job.id));
}

function newer(job: Job, other: Job | undefined): Job {
  return other && other.updatedAt >= job.updatedAt ? other : job;
}

/**
 * A row up to the last one that the newest page still contains must be in the newest page, too; otherwise it no longer
 * matches.
 */
function findLeft(loaded: Job[], now: ReadonlyMap<string, Job>, head: JobPage): ReadonlySet<string> {
  const whole = head.nextCursor === null;
  const last = whole ? loaded.length - 1 : loaded.findLastIndex((job) => now.has(job.id));
  const gone = loaded.slice(0, last + 1).filter((job) => !now.has(job.id));
  return gone.length ? new Set(gone.map((job) => job.id)) : NOBODY;
}

/** Unknown jobs above a known job are new; unknown jobs below all known jobs are part of the next page. */
function countFresh(head: JobPage, known: ReadonlySet<string>, pages: JobPage[]): number {
  const complete = known.size === 0 || pages.at(-1)?.nextCursor === null;
  const last = complete ? head.jobs.length : head.jobs.findLastIndex((job) => known.has(job.id));
  return head.jobs.slice(0, Math.max(0, last)).filter((job) => !known.has(job.id)).length;
}

/**
 * Return the pages with the new jobs on top and without those that no longer match. If the newest page and the loaded
 * pages have no job in common, there are unloaded jobs between them: then return only the newest page.
 */
export function acceptHead(pages: JobPage[], head: JobPage, left: ReadonlySet<string>): JobPage[] {
  const known = new Set(pages.flatMap((page) => page.jobs.map((job) => job.id)));
  const last = head.jobs.findLastIndex((job) => known.has(job.id));
  const [first, ...rest] = pages;
  if (!first || last < 0) return [head];
  const top = head.jobs.slice(0, last + 1);
  const taken = new Set(top.map((job) => job.id));
  const others = ({ jobs }: JobPage) => jobs.filter((job) => !taken.has(job.id) && !left.has(job.id));
  return [
    { ...first, jobs: [...top, ...others(first)] },
    ...rest.map((page) => ({ ...page, jobs: others(page) })),
  ];
}

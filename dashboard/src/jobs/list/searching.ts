import type { JobPage } from "@/api/jobs";

/** Pages without a match that are asked for in a row before the reader is asked whether to go on. */
export const AUTO_PAGES = 10;

/** Count the pages without a job at the end: the API searches a bounded part of the jobs for each page. */
export function emptyAtEnd(pages: readonly Pick<JobPage, "jobs">[]): number {
  return pages.length - 1 - pages.findLastIndex((page) => page.jobs.length > 0);
}

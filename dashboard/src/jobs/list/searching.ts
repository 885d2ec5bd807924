import type { JobPage } from "@/api/jobs/jobs";
import type { Metrics } from "@/api/numbers/metrics";
import type { JobsSearch } from "@/jobs/search";

/** Maximum number of pages without a match that are loaded in a row, before the user is asked whether to continue. */
export const AUTO_PAGES = 10;

/** Count the pages without a job at the end: for each page, the API searches only a limited number of jobs. */
export function emptyAtEnd(pages: readonly Pick<JobPage, "jobs">[]): number {
  return pages.length - 1 - pages.findLastIndex((page) => page.jobs.length > 0);
}

/** Return how many jobs a complete search reads; null if only the API could count them. */
export function searchable(search: JobsSearch, { byStatus, byType, total }: Metrics): number | null {
  const { status, type, error: _, sort: __, dir: ___, span: ____, ...others } = search;
  if (Object.keys(others).length > 0) return null;
  const numbers = type === undefined ? { byStatus, total } : byType[type];
  if (!numbers) return null;
  return status === undefined ? numbers.total : numbers.byStatus[status];
}

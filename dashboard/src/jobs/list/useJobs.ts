import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { fetchJobs, jobHead, jobKeys, jobPages, type Job, type JobFilter } from "@/api/jobs/jobs";
import { usePolling } from "@/live/live";
import { acceptHead, mergeFeed } from "./feed";
import { finished } from "@/jobs/measure";

const MOST_ASKED = 25;
const NONE: ReadonlyMap<string, Job> = new Map();

/** Return the jobs of a filter, up to date and in constant order; `held` stops the updates. */
export function useJobs(filter: JobFilter, held: boolean) {
  const client = useQueryClient();
  const pages = useInfiniteQuery(jobPages(filter));
  const head = useQuery({ ...jobHead(filter), ...usePolling({}, !held), enabled: pages.isSuccess });
  const [watched, setWatched] = useState<string[]>([]);
  // A row that is no longer watched keeps what is known of it.
  const [later] = useState(() => new Map<string, Job>());
  const asked = useQuery({
    queryKey: [...jobKeys.all, "some", watched],
    queryFn: async ({ signal }) => {
      for (const job of await fetchJobs(watched, signal)) later.set(job.id, job);
      return new Map(later);
    },
    enabled: watched.length > 0 && !held,
    placeholderData: (before) => before,
    ...usePolling({ atLeast: 4000 }, !held),
  });

  const feed = useMemo(
    () => mergeFeed(pages.data?.pages ?? [], head.data, asked.data ?? NONE),
    [pages.data, head.data, asked.data],
  );

  const { left } = feed;
  const { status } = filter;
  /**
   * Set the visible rows: those that the newest page does not contain are loaded one by one. A finished job that no longer
   * matches was retried or discarded, so it is loaded until its row shows that.
   */
  const watch = useCallback(
    (visible: Job[]) => {
      const covered = new Set(head.data?.jobs.map((job) => job.id));
      const old = (job: Job) =>
        left.has(job.id) && (status === undefined ? !later.has(job.id) : job.status === status);
      const ids = visible
        .filter((job) => !covered.has(job.id) && (!finished(job) || old(job)))
        .slice(0, MOST_ASKED)
        .map((job) => job.id);
      setWatched((now) => (now.join() === ids.join() ? now : ids));
    },
    [head.data, left, later, status],
  );

  const accept = useCallback(() => {
    const newest = head.data;
    if (!newest) return;
    client.setQueryData(jobPages(filter).queryKey, (now) => {
      const next = acceptHead(now?.pages ?? [], newest, feed.left);
      return { pages: next, pageParams: now?.pageParams.slice(0, next.length) ?? [null] };
    });
  }, [client, filter, head.data, feed.left]);

  return { ...feed, pages, total: head.data?.total ?? pages.data?.pages[0]?.total ?? null, watch, accept };
}

import { useQuery } from "@tanstack/react-query";
import { bulkRun, type BulkRun } from "@/api/jobs/bulkActions";
import { bulkOutcome } from "@/api/jobs/bulkOutcome";
import { isStatus } from "@/api/numbers/errors";
import { STEADY, usePolling } from "@/live/live";
import { byFate } from "./outcome";

/** Milliseconds between two looks at the changed jobs: one reads up to 500 of them. */
const LOOK_MS = 10_000;

/** Watch a bulk action until it has finished, or does not exist. */
export function useBulk(id: string) {
  const query = useQuery(bulkRun(id));
  const open = query.data?.finishedAt == null && !isStatus(query.error, 404);
  useQuery({ ...bulkRun(id), ...usePolling(STEADY, open) });
  return query;
}

/** Watch the changed jobs of a bulk action until it has finished and none of them is under way. */
export function useOutcome({ id, finishedAt }: BulkRun) {
  // An answer from before the end may lack the last jobs: after the end, it is another query, which is sent once more.
  const options = bulkOutcome(id, finishedAt !== null);
  const earlier = useQuery({ ...bulkOutcome(id, false), enabled: false }).data;
  const query = useQuery({ ...options, placeholderData: () => earlier });
  const found = query.data && byFate(query.data.jobs);
  const open = finishedAt === null || (found?.waiting.length ?? 1) > 0;
  useQuery({ ...options, ...usePolling({ atLeast: LOOK_MS }, open) });
  return { query, found };
}

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { batchKeys, batchMembers, batchOne, type BatchDetail } from "@/api/jobs/batches";
import { bulkRuns } from "@/api/jobs/bulkActions";
import { isStatus } from "@/api/numbers/errors";
import { refresh } from "@/jobs/actions/actions";
import { report } from "@/jobs/actions/outcome";
import { usePolling, WATCHED } from "@/live/live";
import { toast } from "@/ui/overlay/toast";
import { failedAmong, failedIn } from "./failed";

/** Milliseconds between two requests for a batch that has ended, which a retry can open again. */
const CALM_MS = 30_000;
/** Milliseconds between two requests for the members, of which each reads a hundred jobs; more if there are many. */
const MEMBERS_MS = 5000;
const MANY_MS = 20_000;
const MANY = 200;

/** Watch a batch; one that has ended, or does not exist, is rarely or never asked for again. */
export function useBatch(id: string) {
  const query = useQuery(batchOne(id));
  const ended = query.data?.state === "ended";
  useQuery({
    ...batchOne(id),
    ...usePolling(ended ? { atLeast: CALM_MS } : WATCHED, !isStatus(query.error, 404)),
    enabled: query.isSuccess,
  });
  return query;
}

/** Load the members of a round, or of all rounds, again and again until the batch has ended. */
export function useMembers(batch: BatchDetail, round: number | undefined) {
  const { id, rounds } = batch;
  const end = endOf(batch);
  const before = useQuery({ ...batchMembers(id, round, null), enabled: false }).data;
  // A list of one round reads the members of all rounds.
  const many = Math.max(before?.looked ?? 0, ...rounds.map(({ total }) => total ?? 0)) > MANY;
  return useQuery({
    ...batchMembers(id, round, end),
    ...usePolling({ atLeast: many ? MANY_MS : MEMBERS_MS }, end === null),
    placeholderData: () => before,
  });
}

/**
 * Return how many members are failed now; null if some may be. After a retry, only the members tell. They are known while
 * the page watches all of them, or after the end.
 */
export function useFailedNow(batch: BatchDetail, watched: boolean): number | null {
  const told = failedIn(batch.rounds);
  const end = endOf(batch);
  const enabled = told === null && (watched || end !== null);
  const members = useQuery({ ...batchMembers(batch.id, undefined, end), enabled }).data;
  return told ?? (enabled && members ? failedAmong(members) : null);
}

/** Return when the batch has ended; null if it has not. */
function endOf({ state, rounds }: BatchDetail): number | null {
  return state === "ended" ? Math.max(...rounds.map(({ endedAt }) => endedAt ?? 0)) : null;
}

/** Change a batch, say what was done or why not, and load everything again that shows it. */
export function useAct<Answer>(act: (reason: string) => Promise<Answer>, done: (answer: Answer) => string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: (answer) => toast.done(done(answer)),
    onError: report,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: batchKeys.all }),
        client.invalidateQueries({ queryKey: bulkRuns().queryKey }),
        refresh(client),
      ]),
  });
}

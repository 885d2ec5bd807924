import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { sentence } from "@/api/numbers/errors";
import { revokeSessions, sessionKey, sessions } from "@/api/sessions";
import { usePolling } from "@/live/live";
import { QueryFailure } from "@/live/QueryFailure";
import { toast } from "@/ui/overlay/toast";
import { Empty, Skeleton } from "@/ui/states";
import { SessionRow } from "./SessionRow";
import { t } from "@/texts/en/tokens";

/** Milliseconds between two looks at a list that changes rarely. */
const POLL = { atLeast: 30_000 };

/** Who has signed in, since when and until when; an administrator can end the sessions of a person. */
export function Sessions({ enabled, all }: { enabled: boolean; all: boolean }) {
  const query = useQuery({ ...sessions(), ...usePolling(POLL), enabled });
  const working = query.data?.filter((one) => one.state === "works");
  const found = all ? query.data : working;
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: ({ principal, reason }: { principal: string; reason: string }) =>
      revokeSessions(principal, reason),
    onSuccess: (number) => toast.done(t.endedDone(number)),
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () => client.invalidateQueries({ queryKey: sessionKey }),
  });
  return (
    <section className="flex flex-col gap-3" aria-labelledby="sessions">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 pt-3">
        <h2 id="sessions" className="text-lg font-semibold">
          {t.signedIn}
        </h2>
        <p className="me-auto min-h-5 text-sm text-soft" aria-live="polite">
          {working ? t.people(new Set(working.map((one) => one.principal)).size) : ""}
        </p>
      </header>
      <div className="border border-line bg-panel">
        {query.isPending && (
          <div
            role="status"
            aria-busy="true"
            aria-label={t.loadingSessions}
            className="flex flex-col gap-3 p-4"
          >
            <Skeleton className="h-10" />
          </div>
        )}
        {query.isError && !query.data && <QueryFailure title={t.couldntLoadSessions} query={query} />}
        {found?.length === 0 && <Empty title={t.noSessions}>{t.noSessionsHint}</Empty>}
        <ul className="divide-y divide-line">
          {found?.map((one) => (
            <SessionRow
              key={one.id}
              session={one}
              disabled={end.isPending}
              onEnd={(reason) => end.mutate({ principal: one.principal, reason })}
            />
          ))}
        </ul>
      </div>
    </section>
  );
}

import { QueryFailure } from "@/live/QueryFailure";
import { Link } from "@tanstack/react-router";
import type { BatchDetail, BatchRound } from "@/api/jobs/batches";
import type { Job } from "@/api/jobs/jobs";
import { cx } from "@/lib/cx";
import { oneLine, shortId } from "@/lib/format";
import { FanOut } from "@/jobs/fanout/FanOut";
import { ownKey } from "@/jobs/fanout/groups";
import type { JobsSearch } from "@/jobs/search";
import { FAILED, STATUS, isFailed } from "@/jobs/status";
import { StatusChip } from "@/jobs/StatusChip";
import { buttonClass } from "@/ui/Button";
import { Panel } from "@/ui/Panel";
import { Empty, Skeleton } from "@/ui/states";
import { linkClass } from "@/ui/link";
import { useMembers } from "./useBatch";
import { t } from "@/texts/en/batches";

interface MembersProps {
  batch: BatchDetail;
  round: BatchRound;
  /** Only the members that are in the chosen round now; else those of all rounds. */
  chosen: boolean;
}

/** Show the failed members first, then all members as a picture, in their present state. */
export function Members({ batch, round, chosen }: MembersProps) {
  const query = useMembers(batch, chosen ? round.round : undefined);
  const which: JobsSearch = { batch: batch.id, ...(chosen && { round: round.round }) };
  const jobs = query.data?.jobs ?? [];
  return (
    <>
      <Failed
        jobs={jobs}
        ids={round.failedIds}
        which={which}
        of={round.failed}
        more={query.data?.more === true}
      />
      <div id="members" className="scroll-mt-16">
        <Panel
          title={chosen ? t.membersOf(round.round) : t.members}
          actions={
            <Link to="/dashboard" search={which} className={buttonClass("ghost", "sm")}>
              {t.listAll}
            </Link>
          }
        >
          {query.isPending && (
            <div role="status" aria-busy="true" aria-label={t.loadingMembers}>
              <Skeleton className="h-24" />
            </div>
          )}
          {query.isError && !query.data && <QueryFailure title={t.couldntLoadMembers} query={query} />}
          {query.data && jobs.length === 0 && !query.data.more && (
            <Empty title={t.noMembers}>
              {chosen && batch.rounds.length > 1 ? t.noneInRound : t.noMembersYet}
            </Empty>
          )}
          {jobs.length > 0 && (
            <FanOut
              jobs={jobs}
              more={query.data?.more === true}
              label={t.picture}
              listOf={(status, type) => ({ ...which, status, ...(type && { type }) })}
            />
          )}
          {query.data?.more && (
            <p className={cx("text-xs text-soft", jobs.length > 0 && "mt-3")}>
              {chosen
                ? t.searched(query.data.looked, jobs.length)
                : t.onlySome(jobs.length, batch.rounds.length === 1 ? round.total : null)}
            </p>
          )}
        </Panel>
      </div>
    </>
  );
}

/** Maximum number of failed members in the list; the picture and the list of jobs have the others. */
const MOST_ROWS = 50;

interface FailedProps {
  jobs: Job[];
  ids: string[];
  which: JobsSearch;
  /** The number of members of the round that failed. */
  of: number;
  /** There are members that are not loaded. */
  more: boolean;
}

/** List the members that have failed, and those that had failed in the round and are not among the loaded ones. */
function Failed({ jobs, ids, which, of, more }: FailedProps) {
  const failed = jobs.filter(({ status }) => isFailed(status));
  const known = new Set(failed.map(({ id }) => id));
  const others = ids.filter((id) => !known.has(id));
  if (failed.length === 0 && others.length === 0) return null;
  return (
    <div id="failed-members" className="scroll-mt-16">
      <Panel
        title={t.failedMembers}
        flush
        actions={FAILED.map((status, at) => (
          <Link
            key={status}
            to="/dashboard"
            search={{ ...which, status }}
            className={cx(buttonClass("ghost", "sm"), at === 0 && "max-sm:-ms-2")}
          >
            {t.allOf(STATUS[status].label)}
          </Link>
        ))}
      >
        {more && failed.length < of && (
          <p className="border-b border-line px-4 py-2 text-xs text-soft">
            {t.someFailed(failed.length, of, jobs.length)}
          </p>
        )}
        <ul className="divide-y divide-line">
          {failed.slice(0, MOST_ROWS).map((job) => (
            <li key={job.id} className="flex flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-1.5 text-sm">
              <JobLink id={job.id} />
              <StatusChip status={job.status} />
              {ownKey(job) !== null && (
                <span className="max-w-48 truncate font-mono text-xs text-soft" title={ownKey(job) ?? ""}>
                  {ownKey(job)}
                </span>
              )}
              <span className="min-w-0 flex-1 basis-52 truncate text-xs">
                <span className="text-rose">{job.errorClass}: </span>
                <bdi className="text-soft">{oneLine(job.errorMessage ?? "", 200)}</bdi>
              </span>
            </li>
          ))}
        </ul>
        {failed.length > MOST_ROWS && (
          <p className="border-t border-line px-4 py-2 text-xs text-soft">
            {t.andMore(failed.length - MOST_ROWS)}
          </p>
        )}
        {others.length > 0 && (
          <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-t border-line px-4 py-2 text-xs text-soft first:border-t-0">
            {t.failedSince}
            {others.slice(0, MOST_ROWS).map((id) => (
              <JobLink key={id} id={id} />
            ))}
            {others.length > MOST_ROWS && t.andMore(others.length - MOST_ROWS)}
          </p>
        )}
      </Panel>
    </div>
  );
}

function JobLink({ id }: { id: string }) {
  return (
    <Link to="/jobs/$id" params={{ id }} title={id} className={cx(linkClass, "font-mono text-xs leading-6")}>
      {shortId(id)}
    </Link>
  );
}

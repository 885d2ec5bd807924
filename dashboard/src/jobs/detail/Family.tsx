import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { jobOne, PAGE, type Job, type JobDetail } from "@/api/jobs/jobs";
import { madeBy } from "@/api/jobs/made";
import { cx } from "@/lib/cx";
import { shortId } from "@/lib/format";
import { usePolling } from "@/live/live";
import { StatusChip } from "@/jobs/StatusChip";
import { useMakes } from "@/jobs/useMakes";
import { Button, buttonClass } from "@/ui/Button";
import { Panel } from "@/ui/Panel";
import { Skeleton } from "@/ui/states";
import { t } from "@/texts/en/detail";

const EVERY_MS = 5000;
/** The same for more than a page of child jobs, which takes several requests. */
const MANY_MS = 20_000;
/** Maximum number of child jobs that are listed; more are shown as a picture. */
const MOST_LISTED = 12;

const FanOut = lazy(async () => ({ default: (await import("@/jobs/fanout/FanOut")).FanOut }));

/** Show the parent job and the child jobs; nothing for a job without either. */
export function Family({ job }: { job: JobDetail }) {
  const makes = useMakes();
  const { parent, root } = job;
  const mayHaveMade = makes(job.type) || Boolean(job.onEnd);
  if (parent === null && !mayHaveMade) return null;
  return (
    <Panel title={mayHaveMade ? t.jobsMade : t.madeByJob}>
      {parent !== null && (
        <div className={cx("flex flex-col gap-2 text-sm", mayHaveMade && "mb-3")}>
          <Ancestor name={t.madeBy} id={parent} />
          {root !== null && root !== parent && <Ancestor name={t.firstOfAll} id={root} />}
        </div>
      )}
      {mayHaveMade && <Made id={job.id} makes={makes} />}
    </Panel>
  );
}

/** Name a job that made this one, directly or not; it may no longer be stored. */
function Ancestor({ name, id }: { name: string; id: string }) {
  const { data } = useQuery({ ...jobOne(id), staleTime: 30_000, retry: false });
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span className="text-soft">{name}</span>
      <JobLink id={id} />
      {data && (
        <>
          <span className="font-mono text-xs break-all text-soft">{data.type}</span>
          <StatusChip status={data.status} discarded={data.discarded !== null} expired={data.expired} />
        </>
      )}
    </p>
  );
}

function Made({ id, makes }: { id: string; makes: (type: string) => boolean }) {
  const [listed, setListed] = useState(false);
  const { data, error } = useQuery(madeBy(id));
  const many = (data?.jobs.length ?? 0) > PAGE;
  useQuery({ ...madeBy(id), ...usePolling({ atLeast: many ? MANY_MS : EVERY_MS }) });
  if (error && !data) return <p className="text-sm text-red">{t.couldntLoadMade}</p>;
  if (data === undefined) return null;
  if (data.jobs.length === 0) return <p className="text-sm text-soft">{t.madeNothing}</p>;
  if (data.jobs.length > MOST_LISTED && !listed)
    return <Crowd id={id} jobs={data.jobs} more={data.more} onList={() => setListed(true)} />;
  return (
    <ul aria-label={t.jobsMadeBy(shortId(id))} className="flex min-w-0 flex-col gap-2">
      {data.jobs.map((job) => (
        <Child key={job.id} job={job} makes={makes} />
      ))}
      {data.more && <li className="text-xs text-faint">{t.onlySomeMade(data.jobs.length)}</li>}
    </ul>
  );
}

/** Show many child jobs as a picture; a list of them can be chosen instead. */
function Crowd({ id, jobs, more, onList }: { id: string; jobs: Job[]; more: boolean; onList: () => void }) {
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Suspense fallback={<Skeleton className="h-24" />}>
        <FanOut
          jobs={jobs}
          more={more}
          label={t.madeByType}
          listOf={(status, type) => ({ parent: id, status, ...(type && { type }) })}
        />
      </Suspense>
      <p className={cx("flex flex-wrap items-center gap-2 text-xs text-faint", !more && "-ms-2")}>
        {more && t.onlySomeMade(jobs.length)}
        <Button size="sm" tone="ghost" onClick={onList}>
          {t.asList}
        </Button>
        <Link to="/dashboard" search={{ parent: id }} className={buttonClass("ghost", "sm")}>
          {t.listMade}
        </Link>
      </p>
    </div>
  );
}

function Child({ job, makes }: { job: Job; makes: (type: string) => boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <li className="min-w-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <StatusChip
          status={job.status}
          id={job.id}
          discarded={job.discarded !== null}
          expired={job.expired}
        />
        <JobLink id={job.id} />
        <span className="font-mono text-xs text-soft">{job.type}</span>
        <span className="min-w-0 truncate font-mono text-xs text-faint" title={t.key}>
          {job.idempotencyKey}
        </span>
        {(makes(job.type) || job.onEnd) && (
          <Button size="sm" tone="ghost" aria-expanded={open} onClick={() => setOpen(!open)}>
            {t.whatItMade}
          </Button>
        )}
      </div>
      {open && (
        <div className="mt-2 border-s border-line ps-4">
          <Made id={job.id} makes={makes} />
        </div>
      )}
    </li>
  );
}

function JobLink({ id }: { id: string }) {
  return (
    <Link
      to="/jobs/$id"
      params={{ id }}
      className="font-mono text-xs text-accent-text hover:underline"
      title={id}
    >
      {shortId(id)}
    </Link>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { jobHead } from "@/api/jobs/jobs";
import { ran } from "@/jobs/measure";
import { StatusChip } from "@/jobs/StatusChip";
import { shortId } from "@/lib/format";
import { duration, relative } from "@/lib/time";
import { useNow, usePolling } from "@/live/live";
import { useSession } from "@/session/session";
import { Skeleton } from "@/ui/states";
import { FIRST_CALL } from "./samples";
import { t } from "@/texts/en/landing";

const MOST = 7;

/** Show the latest jobs of this system; without a token, the first request to send. */
export function LatestJobs() {
  const { token } = useSession();
  const now = useNow();
  const { data, isLoading } = useQuery({ ...jobHead({}, MOST), ...usePolling(), enabled: token !== null });
  const jobs = data?.jobs ?? [];
  if (isLoading) return <Skeleton className="h-[350px]" />;
  if (jobs.length === 0) return <FirstCall />;
  return (
    <section aria-labelledby="latest" className="border border-line bg-panel">
      <h2
        id="latest"
        className="flex h-10 items-center gap-2 border-b border-line px-4 text-xs font-semibold tracking-wide text-soft uppercase"
      >
        <span aria-hidden="true" className="pulse-dot size-2 bg-green" /> {t.latestJobs}
      </h2>
      <ul className="divide-y divide-line">
        {jobs.map((job) => (
          <li key={job.id}>
            <Link
              to="/jobs/$id"
              params={{ id: job.id }}
              className="grid h-11 grid-cols-[6.5rem_minmax(0,1fr)_auto] items-center gap-2 px-4 text-sm hover:bg-hover max-[359px]:grid-cols-[5.25rem_minmax(0,1fr)_auto] max-[359px]:px-3"
            >
              <StatusChip status={job.status} />
              <span className="truncate font-mono text-xs">
                {job.type} <span className="text-faint max-sm:hidden">{shortId(job.id)}</span>
              </span>
              <span className="nums text-xs text-soft">
                {ran(job, now) !== null && (
                  <span className="max-sm:hidden">{duration(ran(job, now) ?? 0)} · </span>
                )}
                {relative(job.createdAt, now)}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function FirstCall() {
  return (
    <figure className="border border-line bg-panel">
      <figcaption className="flex h-10 items-center border-b border-line px-4 text-xs font-semibold tracking-wide text-soft uppercase">
        {t.oneRequestIsOne}
      </figcaption>
      <pre className="overflow-x-auto p-4 font-mono text-xs leading-5 text-soft">
        {FIRST_CALL.map(([line, said]) => (
          <span key={line} className={said === "typed" ? "block text-text" : "block"}>
            {line}
          </span>
        ))}
      </pre>
    </figure>
  );
}

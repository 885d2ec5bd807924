import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { jobHead, PAGE } from "@/api/jobs/jobs";
import { ran, sortJobs } from "@/jobs/measure";
import { StatusChip } from "@/jobs/StatusChip";
import { shortId } from "@/lib/format";
import { duration } from "@/lib/time";
import { Age } from "@/live/Age";
import { SERIES, useNow, usePolling } from "@/live/live";
import { Panel } from "@/ui/Panel";
import { linkClass } from "@/ui/link";
import { cx } from "@/lib/cx";
import { Unknown } from "../Unknown";
import { t } from "@/texts/en/queues";

const MOST = 5;

/** Show the longest last attempts among the newest jobs of a type. */
export function SlowestRuns({ type }: { type: string }) {
  const now = useNow();
  const { data, error } = useQuery({ ...jobHead({ type }), ...usePolling(SERIES) });
  const started = data?.jobs.filter((job) => ran(job, now) !== null) ?? [];
  const slowest = sortJobs(started, "run", "desc", now).slice(0, MOST);
  return (
    <Panel title={t.slowestRunsOfThe(PAGE)} flush>
      {data && slowest.length === 0 && <p className="p-4 text-sm text-soft">{t.noRunsYet}</p>}
      {!data && <Unknown error={error} />}
      <ul className="divide-y divide-line">
        {slowest.map((job) => (
          <li key={job.id} className="flex flex-wrap items-center gap-x-3 px-4 py-2 text-sm">
            <span className="nums w-16 shrink-0 text-end font-medium">{duration(ran(job, now) ?? 0)}</span>
            <Link to="/jobs/$id" params={{ id: job.id }} className={cx(linkClass, "font-mono text-xs")}>
              {shortId(job.id)}
            </Link>
            <StatusChip status={job.status} />
            <span className="nums ms-auto text-xs whitespace-nowrap text-faint">
              <Age at={job.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

import { QueryFailure } from "@/live/QueryFailure";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { bulkRuns } from "@/api/jobs/bulkActions";
import { usePolling } from "@/live/live";
import { Age } from "@/live/Age";
import { Empty, Skeleton } from "@/ui/states";
import { linkClass } from "@/ui/link";
import { cx } from "@/lib/cx";
import { t } from "@/texts/en/bulk";

/** /bulk: the newest bulk actions of all operators. */
export function BulkListPage() {
  const query = useQuery({ ...bulkRuns(), ...usePolling() });
  return (
    <div className="flex flex-col gap-3">
      <header className="flex flex-wrap items-baseline gap-x-4 py-1">
        <h1 className="text-lg font-semibold">{t.bulkActions}</h1>
        <p className="text-sm text-soft">{t.keptFor}</p>
      </header>
      <div className="border border-line bg-panel">
        {query.isPending && <Skeleton className="m-4 h-24" />}
        {query.isError && !query.data && <QueryFailure title={t.couldntLoad} query={query} />}
        {query.data?.length === 0 && <Empty title={t.none}>{t.howToStart}</Empty>}
        <ul className="divide-y divide-line">
          {query.data?.map((run) => (
            <li key={run.id} className="flex flex-wrap items-baseline gap-x-4 px-4 py-2 text-sm">
              <Link
                to="/bulk/$id"
                params={{ id: run.id }}
                className={cx(linkClass, "min-w-0 flex-1 basis-52")}
              >
                {run.finishedAt === null
                  ? t.progress[run.action](run.done, run.expected)
                  : t.result[run.action](run.done, run.skipped)}
              </Link>
              <span className="text-xs text-soft">{t.state[run.state]}</span>
              <span className="text-xs text-soft">{run.startedBy}</span>
              <Age at={run.startedAt} className="nums text-xs text-faint" />
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

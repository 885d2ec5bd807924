import { QueryFailure } from "@/live/QueryFailure";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { batchPages, type Batch } from "@/api/jobs/batches";
import { shortId } from "@/lib/format";
import { usePolling } from "@/live/live";
import { OlderPages, whileOnePage } from "@/live/OlderPages";
import { Age } from "@/live/Age";
import { Empty, Skeleton } from "@/ui/states";
import { linkClass } from "@/ui/link";
import { BatchChip } from "./BatchChip";
import { failedInRow } from "./failed";
import { Progress } from "./Progress";
import { t } from "@/texts/en/batches";

/** /batches: all batches, newest first. */
export function BatchListPage() {
  const query = useInfiniteQuery({ ...batchPages(), ...whileOnePage(usePolling({ atLeast: 5000 })) });
  const found = query.data?.pages.flatMap((page) => page.batches) ?? [];
  return (
    <div className="flex flex-col gap-3">
      <header className="flex flex-wrap items-baseline gap-x-4 py-1">
        <h1 className="text-lg font-semibold">{t.batches}</h1>
        <p className="text-sm text-soft">{t.whatItIs}</p>
      </header>
      <div className="border border-line bg-panel">
        {query.isPending && (
          <div role="status" aria-busy="true" aria-label={t.loading} className="flex flex-col gap-3 p-4">
            <Skeleton className="h-10" />
            <Skeleton className="h-10" />
            <Skeleton className="h-10" />
          </div>
        )}
        {query.isError && !query.data && <QueryFailure title={t.couldntLoad} query={query} />}
        {query.data && found.length === 0 && <Empty title={t.none}>{t.howToMake}</Empty>}
        <ul className="divide-y divide-line">
          {found.map((batch) => (
            <Row key={batch.id} batch={batch} />
          ))}
        </ul>
      </div>
      <OlderPages queryKey={batchPages().queryKey} label={t.more} pages={query} />
    </div>
  );
}

function Row({ batch }: { batch: Batch }) {
  const { id, key, newest, then, createdAt } = batch;
  return (
    <li
      data-batch={id}
      className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1.5 px-4 py-2.5 lg:grid-cols-[minmax(0,1.2fr)_7.5rem_minmax(0,1fr)_minmax(0,11rem)_6rem]"
    >
      <p className="min-w-0 truncate text-sm">
        <Link to="/batches/$id" params={{ id }} title={id} className={linkClass}>
          {key === null ? <span className="font-mono text-xs">{shortId(id)}</span> : <bdi>{key}</bdi>}
        </Link>
        {newest.round > 1 && <span className="ms-2 text-xs text-soft">{t.inRound(newest.round)}</span>}
      </p>
      <span className="justify-self-end lg:justify-self-start">
        <BatchChip batch={batch} failed={failedInRow(batch)} />
      </span>
      <div className="col-span-2 min-w-0 lg:col-span-1">
        <Progress round={newest} />
        <p className="nums mt-1 flex flex-wrap gap-x-3 text-xs text-soft">
          <span>{t.progressOf(newest.done, newest.total)}</span>
          {newest.failed > 0 && <span className="text-red">{t.failed(newest.failed)}</span>}
        </p>
      </div>
      <div className="col-span-2 flex items-baseline justify-between gap-4 lg:contents">
        <p className="min-w-0 truncate text-xs text-soft">
          {then !== null && (
            <>
              {t.thenShort} <span className="font-mono">{then}</span>
            </>
          )}
        </p>
        <Age at={createdAt} className="nums shrink-0 text-end text-xs text-faint" />
      </div>
    </li>
  );
}

import { useEffect, useRef } from "react";
import { QueryFailure } from "@/live/QueryFailure";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import type { BatchDetail, BatchRound } from "@/api/jobs/batches";
import { bulkRuns } from "@/api/jobs/bulkActions";
import { isStatus, sentence } from "@/api/numbers/errors";
import { cx } from "@/lib/cx";
import { shortId } from "@/lib/format";
import { When } from "@/live/When";
import { buttonClass } from "@/ui/Button";
import { Copy } from "@/ui/Copy";
import { IconLeft } from "@/ui/icons";
import { Panel } from "@/ui/Panel";
import { Empty, PanelToCome } from "@/ui/states";
import { linkClass } from "@/ui/link";
import { BatchActions } from "./BatchActions";
import { BatchChip, stateOf } from "./BatchChip";
import { Members } from "./Members";
import { RoundPanel } from "./RoundPanel";
import { useBatch, useFailedNow } from "./useBatch";
import { t as bulk } from "@/texts/en/bulk";
import { t } from "@/texts/en/batches";

/** /batches/:id: a batch by round, with its members; ?round= is an earlier round. */
export function BatchPage() {
  const { id } = useParams({ from: "/batches/$id" });
  const query = useBatch(id);
  if (query.data) return <Loaded batch={query.data} />;
  if (isStatus(query.error, 404))
    return (
      <Empty
        page
        title={t.notFound}
        action={
          <Link to="/batches" className={buttonClass()}>
            {t.batches}
          </Link>
        }
      >
        <code className="font-mono break-all">{id}</code>
        <br />
        {t.gone}
      </Empty>
    );
  if (query.isError) return <QueryFailure page title={t.couldntLoadOne} query={query} />;
  return (
    <div role="status" aria-busy="true" className="flex flex-col gap-3">
      <h1 className="sr-only">{t.loadingOne}</h1>
      <PanelToCome className="h-80" />
      <PanelToCome className="h-48" />
    </div>
  );
}

function Loaded({ batch }: { batch: BatchDetail }) {
  const search = useSearch({ from: "/batches/$id" });
  const picked = batch.rounds.find(({ round }) => String(round) === search.round);
  const round = picked ?? batch.newest;
  return (
    <div className="flex flex-col gap-3">
      <section aria-labelledby="batch-title" className="border border-line bg-panel">
        <Header batch={batch} watched={picked === undefined} />
        {batch.rounds.length > 1 && <Rounds batch={batch} shown={round} />}
        <RoundPanel batch={batch} round={round} />
      </section>
      <Members batch={batch} round={round} chosen={picked !== undefined} />
      <Acts id={batch.id} />
    </div>
  );
}

function Header({ batch, watched }: { batch: BatchDetail; watched: boolean }) {
  const failed = useFailedNow(batch, watched);
  const { id, key, tags, parent, createdBy, createdAt } = batch;
  return (
    <header className="flex flex-wrap items-start gap-x-6 gap-y-3 p-4">
      <div className="min-w-0">
        <Link
          to="/batches"
          className="mb-1 inline-flex h-6 items-center gap-1 text-xs text-soft hover:text-text"
        >
          <IconLeft width={12} height={12} /> {t.batches}
        </Link>
        <h1 id="batch-title" className="flex flex-wrap items-center gap-x-3 gap-y-1 text-lg font-semibold">
          <bdi className="min-w-0 [overflow-wrap:anywhere]">{key ?? t.batch(shortId(id))}</bdi>
          <span aria-live="polite">
            <BatchChip batch={batch} failed={failed} size="md" />
          </span>
        </h1>
        <p className="mt-1 flex items-center gap-1 text-xs text-soft">
          <code className="font-mono break-all">{id}</code>
          <Copy text={id} label={t.copyTheId} />
        </p>
        <p className="mt-1 text-sm text-soft">
          {t.meaning[stateOf(batch)]}{" "}
          {parent === null ? (
            createdBy === null ? (
              t.created
            ) : (
              t.createdBy(createdBy)
            )
          ) : (
            <>
              {t.madeByJob}{" "}
              <Link to="/jobs/$id" params={{ id: parent }} className={cx(linkClass, "font-mono text-xs")}>
                {shortId(parent)}
              </Link>
            </>
          )}
          , <When at={createdAt} />.
        </p>
        {tags.length > 0 && (
          <ul className="mt-2 flex flex-wrap gap-1">
            {tags.map((tag) => (
              <li key={tag} className="border border-line px-1.5 font-mono text-2xs text-soft">
                {tag}
              </li>
            ))}
          </ul>
        )}
      </div>
      <BatchActions batch={batch} failed={failed} />
    </header>
  );
}

/** Link to each round, newest first. */
function Rounds({ batch: { id, rounds, newest }, shown }: { batch: BatchDetail; shown: BatchRound }) {
  const strip = useRef<HTMLElement>(null);
  useEffect(() => {
    const nav = strip.current;
    const current = nav?.querySelector<HTMLElement>("[data-on]");
    if (nav && current) nav.scrollLeft = current.offsetLeft - nav.offsetLeft - nav.clientWidth / 3;
  }, [shown.round]);
  return (
    <nav
      ref={strip}
      aria-label={t.rounds}
      className="fade-end flex overflow-x-auto border-t border-line px-2"
    >
      {[...rounds].reverse().map(({ round, failed }) => {
        const on = round === shown.round;
        return (
          <Link
            key={round}
            to="/batches/$id"
            params={{ id }}
            search={round === newest.round ? {} : { round: String(round) }}
            resetScroll={false}
            aria-current={on ? "true" : undefined}
            data-on={on ? "" : undefined}
            className={cx(
              "flex h-10 shrink-0 items-center gap-1.5 border-b-2 px-3 text-sm whitespace-nowrap",
              on ? "border-accent-text text-text" : "border-transparent text-soft hover:text-text",
            )}
          >
            {t.inRound(round)}
            {round === newest.round && <span className="text-xs text-faint">{t.newest}</span>}
            {failed > 0 && <span className="nums text-xs text-red">{t.failed(failed)}</span>}
          </Link>
        );
      })}
    </nav>
  );
}

/** Say who has cancelled the batch or retried its members, and when; bulk actions are kept for 30 days. */
function Acts({ id }: { id: string }) {
  const query = useQuery(bulkRuns());
  const runs = query.data?.filter(({ filter }) => filter?.batch === id) ?? [];
  if (query.isError && !query.data)
    return (
      <Panel title={t.acts}>
        <p className="text-sm text-red">{t.couldntLoadActs(sentence(query.error))}</p>
      </Panel>
    );
  if (runs.length === 0) return null;
  return (
    <Panel title={t.acts} flush>
      <ul className="divide-y divide-line">
        {runs.map((run) => (
          <li key={run.id} className="flex flex-wrap items-baseline gap-x-4 px-4 py-2 text-sm">
            <Link to="/bulk/$id" params={{ id: run.id }} className={cx(linkClass, "min-w-0 flex-1 basis-52")}>
              {run.finishedAt === null
                ? bulk.progress[run.action](run.done, run.expected)
                : bulk.result[run.action](run.done, run.skipped)}
            </Link>
            <span className="text-xs text-soft">{bulk.startedBy(run.startedBy)}</span>
            <When at={run.startedAt} className="nums text-xs text-faint" />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

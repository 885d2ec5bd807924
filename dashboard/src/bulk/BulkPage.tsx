import { QueryFailure } from "@/live/QueryFailure";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { BulkRun } from "@/api/jobs/bulkActions";
import type { ChangedJob } from "@/api/jobs/bulkOutcome";
import { isStatus, sentence } from "@/api/numbers/errors";
import { StopBulk } from "@/jobs/actions/StopBulk";
import { StatusChip } from "@/jobs/StatusChip";
import { cx } from "@/lib/cx";
import { oneLine, shortId } from "@/lib/format";
import { stringify, type JsonObject } from "@/lib/json";
import { duration } from "@/lib/time";
import { useNow } from "@/live/live";
import { When } from "@/live/When";
import { useMe } from "@/session/session";
import { count } from "@/texts/numbers";
import { buttonClass } from "@/ui/Button";
import { IconLeft } from "@/ui/icons";
import { Fact, Panel } from "@/ui/Panel";
import { Empty, PanelToCome, Skeleton } from "@/ui/states";
import { linkClass } from "@/ui/link";
import { FATES, type Fate } from "./outcome";
import { useBulk, useOutcome } from "./watch";
import { t } from "@/texts/en/bulk";

/** /bulk/:id: one bulk action, with what became of the jobs that it changed, and why it skipped others. */
export function BulkPage() {
  const { id } = useParams({ from: "/bulk/$id" });
  const query = useBulk(id);
  if (query.data) return <Loaded run={query.data} />;
  if (isStatus(query.error, 404))
    return (
      <Empty
        page
        title={t.notFound}
        action={
          <Link to="/bulk" className={buttonClass()}>
            {t.bulkActions}
          </Link>
        }
      >
        {t.keptFor}
      </Empty>
    );
  if (query.isError) return <QueryFailure page title={t.couldntLoad} query={query} />;
  return (
    <div role="status" aria-busy="true">
      <h1 className="sr-only">{t.loading}</h1>
      <PanelToCome className="h-64" />
    </div>
  );
}

function Loaded({ run }: { run: BulkRun }) {
  const now = useNow();
  const { can } = useMe();
  const running = run.finishedAt === null;
  return (
    <div className="flex flex-col gap-3">
      <section aria-labelledby="bulk-title" className="border border-line bg-panel">
        <header className="flex flex-wrap items-start gap-2 p-4 pb-3">
          <div className="min-w-32 flex-1">
            <Link
              to="/bulk"
              className="mb-1 inline-flex h-6 items-center gap-1 text-xs text-soft hover:text-text"
            >
              <IconLeft width={12} height={12} /> {t.bulkActions}
            </Link>
            <h1 id="bulk-title" className="text-lg font-semibold" data-testid="bulk-title">
              {running
                ? t.progress[run.action](run.done, run.expected)
                : t.result[run.action](run.done, run.skipped)}
            </h1>
            <p className="text-sm text-soft">
              {t.state[run.state]} {t.startedBy(run.startedBy)}, <When at={run.startedAt} />
            </p>
          </div>
          {can.administer && (
            <Link to="/audit" search={{ bulk: run.id, span: "all" }} className={buttonClass("ghost", "sm")}>
              {t.auditLog}
            </Link>
          )}
          {running && <StopBulk run={run} />}
        </header>
        {running && <Progress run={run} />}
        {run.problem && <p className="px-4 pb-3 text-sm break-words text-red">{t.problem(run.problem)}</p>}
        <dl className="grid grid-cols-2 gap-x-4 gap-y-2 border-t border-line px-4 py-3 sm:grid-cols-4">
          <Fact name={t.changed[run.action]}>{count(run.done)}</Fact>
          <Fact name={t.skipped}>{count(run.skipped)}</Fact>
          <Fact name={t.took}>{duration((run.finishedAt ?? now) - run.startedAt)}</Fact>
          <Fact name={t.speed}>
            {run.perSecond === null ? "–" : t.aSecond(count(Math.round(run.perSecond)))}
          </Fact>
        </dl>
        <Chosen filter={run.filter} />
        {run.edit && <Edited edit={run.edit} />}
      </section>
      {run.done > 0 && <Outcome run={run} />}
      {run.reasons.length > 0 && <Skipped reasons={run.reasons} />}
    </div>
  );
}

/** Say how the jobs were chosen. */
function Chosen({ filter }: { filter: BulkRun["filter"] }) {
  const parts = Object.entries(filter ?? {});
  return (
    <p className="border-t border-line px-4 py-2 text-sm break-words text-soft">
      {filter === null ? t.chosenById : parts.length === 0 ? t.chosenAll : t.chosenByFilter}{" "}
      {parts.map(([name, value]) => (
        <code key={name} className="me-2 font-mono text-xs text-text">
          {name}={value}
        </code>
      ))}
    </p>
  );
}

/** Name the fields of the payloads that got another value. */
function Edited({ edit }: { edit: JsonObject }) {
  return (
    <p className="border-t border-line px-4 py-2 text-sm break-words text-soft" data-testid="edited">
      {t.edited}{" "}
      {Object.entries(edit).map(([path, value]) => (
        <code key={path} className="me-2 font-mono text-xs text-text">
          {path} = {oneLine(stringify(value), 200)}
        </code>
      ))}
    </p>
  );
}

function Progress({ run: { matched, expected } }: { run: BulkRun }) {
  if (!expected) return null;
  const share = Math.min(100, (matched / expected) * 100);
  return (
    <div
      role="progressbar"
      aria-label={t.bulkActions}
      aria-valuenow={Math.round(share)}
      aria-valuemin={0}
      aria-valuemax={100}
      className="mx-4 mb-3 h-1.5 bg-line"
    >
      <div className="h-full bg-blue transition-[width] duration-500" style={{ width: `${share}%` }} />
    </div>
  );
}

const MOST_ROWS = 100;
const TONE: Record<Fate, string> = {
  completed: "text-green",
  again: "text-rose",
  waiting: "text-blue",
  cancelled: "text-soft",
};

/** Say what became of the changed jobs, and list those with the chosen end. */
function Outcome({ run }: { run: BulkRun }) {
  const search = useSearch({ from: "/bulk/$id" });
  const navigate = useNavigate({ from: "/bulk/$id" });
  const { query, found } = useOutcome(run);
  if (!query.data || !found)
    return (
      <Panel title={t.outcome}>
        {query.isError ? (
          <p className="text-sm text-soft">{sentence(query.error)}</p>
        ) : (
          <Skeleton className="h-5 w-2/3" />
        )}
      </Panel>
    );
  const { looked, changed, jobs } = query.data;
  const chosen = FATES.find((fate) => fate === search.show) ?? FATES.find((fate) => found[fate].length > 0);
  const gone = looked - jobs.length;
  return (
    <Panel title={t.outcome} flush>
      <div
        className="grid grid-cols-2 sm:grid-cols-4"
        role="group"
        aria-label={t.outcome}
        data-testid="outcome"
      >
        {FATES.map((fate) => (
          <button
            key={fate}
            type="button"
            aria-pressed={fate === chosen}
            onClick={() => void navigate({ search: { show: fate }, replace: true, resetScroll: false })}
            className="border-e border-b border-line px-4 py-2 text-start last:border-e-0 hover:bg-hover aria-pressed:bg-raised aria-pressed:shadow-[inset_0_-2px_0_var(--accent-text)] max-sm:even:border-e-0"
          >
            <span className="block text-xs text-soft">{t.fates[fate]}</span>
            <span
              className={cx("nums text-xl font-medium tracking-tight", found[fate].length > 0 && TONE[fate])}
            >
              {count(found[fate].length)}
            </span>
          </button>
        ))}
      </div>
      {(gone > 0 || changed > looked) && (
        <p className="border-b border-line px-4 py-2 text-xs text-soft">
          {changed > looked && t.onlyFirst(looked, changed)} {gone > 0 && t.gone(gone)}
        </p>
      )}
      {chosen && <Rows jobs={found[chosen]} />}
    </Panel>
  );
}

function Rows({ jobs }: { jobs: ChangedJob[] }) {
  return (
    <>
      <ul className="divide-y divide-line">
        {jobs.slice(0, MOST_ROWS).map((job) => (
          <li
            key={job.id}
            className="grid grid-cols-[4.5rem_minmax(0,1fr)] items-center gap-x-3 px-4 py-1.5 text-sm sm:grid-cols-[4.5rem_minmax(0,12rem)_7rem_minmax(0,1fr)]"
          >
            <Link to="/jobs/$id" params={{ id: job.id }} className={cx(linkClass, "font-mono text-xs")}>
              {shortId(job.id)}
            </Link>
            <span className="truncate font-mono text-xs text-soft" title={job.type}>
              {job.type}
            </span>
            <span className="max-sm:col-start-2">
              <StatusChip status={job.status} />
            </span>
            <span className="truncate font-mono text-xs text-rose empty:hidden max-sm:col-start-2">
              {job.errorClass}
            </span>
          </li>
        ))}
      </ul>
      {jobs.length > MOST_ROWS && (
        <p className="border-t border-line px-4 py-2 text-xs text-soft">
          {t.moreRows(jobs.length - MOST_ROWS)}
        </p>
      )}
    </>
  );
}

/** Say why jobs were skipped, each reason with some jobs as examples. */
function Skipped({ reasons }: { reasons: BulkRun["reasons"] }) {
  return (
    <Panel title={t.skipped} flush>
      <ul className="divide-y divide-line">
        {reasons.map(({ reason, jobs, samples }) => (
          <li key={reason} className="flex flex-wrap items-baseline gap-x-3 px-4 py-2 text-sm">
            <span className="nums w-12 shrink-0 text-end font-medium">{count(jobs)}</span>
            <span className="min-w-0 flex-1 basis-52 break-words">{reason}</span>
            {samples.map((id) => (
              <Link key={id} to="/jobs/$id" params={{ id }} className={cx(linkClass, "font-mono text-xs")}>
                {shortId(id)}
              </Link>
            ))}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

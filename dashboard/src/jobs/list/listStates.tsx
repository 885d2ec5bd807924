import { Link } from "@tanstack/react-router";
import { ApiError, sentence } from "@/api/errors";
import { count } from "@/texts/numbers";
import { useMe } from "@/session/session";
import { Button, buttonClass } from "@/ui/Button";
import { IconPlus } from "@/ui/icons";
import { Empty, Failure, Skeleton } from "@/ui/states";
import { isFiltered, type JobsSearch } from "@/jobs/search";
import { STATUS } from "@/jobs/status";
import type { useJobs } from "./useJobs";
import { t } from "@/texts/en/list";

type Pages = ReturnType<typeof useJobs>["pages"];

export function ListFooter({
  loaded,
  total,
  searched,
  pages,
  onMore,
}: {
  loaded: number;
  /** Jobs that the API read to find these. */
  searched: number;
  total: number | null;
  pages: Pages;
  onMore: () => void;
}) {
  if (loaded === 0) return null;
  const more = pages.hasNextPage;
  return (
    <footer className="flex min-h-10 flex-wrap items-center justify-between gap-2 border-t border-line px-3 py-1.5 text-xs text-soft">
      <p className="nums" aria-live="polite">
        {more ? t.loadedOf(count(loaded), total === null ? null : count(total)) : t.jobCount(loaded)}
        {searched > loaded && ` · ${t.searchedJobs(count(searched))}`}
      </p>
      {pages.isFetchNextPageError ? (
        <Button size="sm" onClick={onMore}>
          {t.couldntLoadMoreRetry}
        </Button>
      ) : (
        more && (
          <Button size="sm" tone="ghost" disabled={pages.isFetchingNextPage} onClick={onMore}>
            {pages.isFetchingNextPage ? t.loading : t.loadMore}
          </Button>
        )
      )}
    </footer>
  );
}

/** Say that nothing was found yet, and how far the search has come. */
export function Searching({
  pages,
  searched,
  onGoOn,
}: {
  pages: Pages;
  searched: number;
  onGoOn: () => void;
}) {
  const failed = pages.isFetchNextPageError;
  const stopped = failed || !pages.isFetchingNextPage;
  return (
    <Empty
      title={stopped ? t.noMatchSoFar : t.searching}
      action={
        stopped && <Button onClick={onGoOn}>{failed ? t.couldntLoadMoreRetry : t.continueSearch}</Button>
      }
    >
      <span aria-live="polite" className="nums">
        {t.noMatchIn(searched)}
        {stopped && ` ${t.olderNotSearched}`}
      </span>
    </Empty>
  );
}

export function NoJobs({ search, searched }: { search: JobsSearch; searched: number }) {
  const { can } = useMe();
  const create = can.act && (
    <Link to="/create" className={buttonClass("primary")}>
      <IconPlus /> {t.createAJob}
    </Link>
  );
  if (isFiltered(search)) {
    return (
      <Empty
        title={t.noJobsMatchThese}
        action={
          <Link
            to="/dashboard"
            search={search.status ? { status: search.status } : {}}
            className={buttonClass()}
          >
            {t.clearTheFilters}
          </Link>
        }
      >
        {searched > 0 && `${t.noMatchIn(searched)} `}
        {t.removeAFilterOr}
      </Empty>
    );
  }
  if (search.status) {
    return (
      <Empty title={t.noJobsOfStatus(STATUS[search.status].label)}>{STATUS[search.status].meaning}</Empty>
    );
  }
  return (
    <Empty title={t.noJobsYet} action={create}>
      {t.jobsAppearHereWhen}
    </Empty>
  );
}

export function ListFailure({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const refused = error instanceof ApiError && error.status === 422;
  return (
    <Failure
      title={t.couldntLoadJobs}
      detail={sentence(error)}
      correlationId={error instanceof ApiError ? error.correlationId : null}
      onRetry={onRetry}
    >
      {refused && (
        <Link to="/dashboard" className={buttonClass()}>
          {t.clearTheFilters}
        </Link>
      )}
    </Failure>
  );
}

export function RowsToCome() {
  return (
    <div aria-busy="true" aria-label={t.loadingJobs} role="status" className="border-t border-line">
      {Array.from({ length: 12 }, (_, at) => (
        <div key={at} className="flex h-9 items-center gap-6 border-b border-line px-4">
          <Skeleton className="h-3 w-16" />
          <Skeleton className="h-3 w-24" />
          <Skeleton className="h-3 w-20" />
          <Skeleton className="h-3 flex-1" />
        </div>
      ))}
    </div>
  );
}

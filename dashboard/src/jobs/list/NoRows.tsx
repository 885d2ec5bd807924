import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ApiError, sentence } from "@/api/numbers/errors";
import { metrics } from "@/api/numbers/metrics";
import { Button, buttonClass } from "@/ui/Button";
import { Empty, Failure } from "@/ui/states";
import { isFiltered, wider, type JobsSearch } from "@/jobs/search";
import { STATUS } from "@/jobs/status";
import { FirstJob } from "./first/FirstJob";
import { searchable } from "./searching";
import type { useJobs } from "./useJobs";
import { t as base } from "@/texts/en/base";
import { t } from "@/texts/en/list";

interface NoRowsProps {
  search: JobsSearch;
  pages: ReturnType<typeof useJobs>["pages"];
  /** The number of jobs that were read without a match. */
  searched: number;
  onGoOn: () => void;
}

/**
 * Say why there is no row: the request failed, the search continues, or nothing matches. Loaded only when there is no
 * row.
 */
export default function NoRows({ search, pages, searched, onGoOn }: NoRowsProps) {
  if (pages.isError && !pages.data)
    return <ListFailure error={pages.error} onRetry={() => void pages.refetch()} />;
  if (pages.hasNextPage) return <Searching {...{ search, pages, searched, onGoOn }} />;
  return <NoJobs search={search} searched={searched} />;
}

/** Say that nothing was found yet, and how many jobs were searched. */
function Searching({ search, pages, searched, onGoOn }: NoRowsProps) {
  const numbers = useQueryClient().getQueryData(metrics().queryKey);
  const failed = pages.isFetchNextPageError;
  const stopped = failed || !pages.isFetchingNextPage;
  return (
    <Empty
      title={stopped ? t.noMatchSoFar : t.searching}
      action={
        stopped && <Button onClick={onGoOn}>{failed ? base.couldntLoadMoreRetry : t.continueSearch}</Button>
      }
    >
      <span aria-live="polite" className="nums">
        {t.noMatchIn(searched, numbers ? searchable(search, numbers) : null)}
        {stopped && ` ${t.olderNotSearched}`}
      </span>
    </Empty>
  );
}

function NoJobs({ search, searched }: Pick<NoRowsProps, "search" | "searched">) {
  if (isFiltered(search)) {
    const longer = wider(search);
    return (
      <Empty
        title={t.noJobsMatchThese}
        action={
          <>
            {longer && (
              <Link to="/dashboard" search={longer} className={buttonClass()}>
                {t.searchLast(longer.range)}
              </Link>
            )}
            <Link
              to="/dashboard"
              search={search.status ? { status: search.status } : {}}
              className={buttonClass(longer ? "ghost" : "plain")}
            >
              {t.clearTheFilters}
            </Link>
          </>
        }
      >
        {searched > 0 && `${t.noMatchIn(searched, null)} `}
        {longer ? t.removeAFilterOr : t.removeAFilter}
      </Empty>
    );
  }
  if (search.status) {
    return (
      <Empty title={t.noJobsOfStatus(STATUS[search.status].label)}>{STATUS[search.status].meaning}</Empty>
    );
  }
  return <FirstJob />;
}

function ListFailure({ error, onRetry }: { error: Error; onRetry: () => void }) {
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

import { Link } from "@tanstack/react-router";
import { ApiError, sentence } from "@/api/errors";
import { count, plural } from "@/lib/format";
import { useMe } from "@/session/session";
import { Button, buttonClass } from "@/ui/Button";
import { IconPlus } from "@/ui/icons";
import { Empty, Failure, Skeleton } from "@/ui/states";
import { isFiltered, type JobsSearch } from "@/jobs/search";
import { STATUS } from "@/jobs/status";
import type { useJobs } from "./useJobs";

export function ListFooter({
  loaded,
  total,
  pages,
}: {
  loaded: number;
  total: number | null;
  pages: ReturnType<typeof useJobs>["pages"];
}) {
  if (loaded === 0) return null;
  const more = pages.hasNextPage;
  return (
    <footer className="flex min-h-10 flex-wrap items-center justify-between gap-2 border-t border-line px-3 py-1.5 text-xs text-soft">
      <p className="nums" aria-live="polite">
        {more
          ? `${count(loaded)} loaded${total === null ? "" : ` of ${count(total)}`}`
          : plural(loaded, "job")}
      </p>
      {pages.isFetchNextPageError ? (
        <Button size="sm" onClick={() => void pages.fetchNextPage()}>
          The next page did not come. Try again
        </Button>
      ) : (
        more && (
          <Button
            size="sm"
            tone="ghost"
            disabled={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            {pages.isFetchingNextPage ? "Loading…" : "Load more"}
          </Button>
        )
      )}
    </footer>
  );
}

export function NoJobs({ search }: { search: JobsSearch }) {
  const { can } = useMe();
  const create = can.act && (
    <Link to="/create" className={buttonClass("primary")}>
      <IconPlus /> Create a job
    </Link>
  );
  if (isFiltered(search)) {
    return (
      <Empty
        title="No job matches"
        action={
          <Link
            to="/dashboard"
            search={search.status ? { status: search.status } : {}}
            className={buttonClass()}
          >
            Clear the filters
          </Link>
        }
      >
        Take a filter away, or look at a longer time.
      </Empty>
    );
  }
  if (search.status) {
    return (
      <Empty title={`No job is ${STATUS[search.status].label.toLowerCase()}`}>
        {STATUS[search.status].meaning}
      </Empty>
    );
  }
  return (
    <Empty title="No jobs yet" action={create}>
      Jobs appear here as soon as something creates them, by the API or by hand.
    </Empty>
  );
}

export function ListFailure({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const refused = error instanceof ApiError && error.status === 422;
  return (
    <Failure
      title="The jobs did not come"
      detail={sentence(error)}
      correlationId={error instanceof ApiError ? error.correlationId : null}
      onRetry={onRetry}
    >
      {refused && (
        <Link to="/dashboard" className={buttonClass()}>
          Clear the filters
        </Link>
      )}
    </Failure>
  );
}

export function RowsToCome() {
  return (
    <div aria-busy="true" aria-label="Loading jobs" role="status" className="border-t border-line">
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

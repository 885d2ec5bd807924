import { count } from "@/texts/numbers";
import { Button } from "@/ui/Button";
import { Skeleton } from "@/ui/states";
import type { useJobs } from "./useJobs";
import { t as base } from "@/texts/en/base";
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
  /** The number of jobs that the API read to find these jobs. */
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
          {base.couldntLoadMoreRetry}
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

import { useCallback, useEffect, useState } from "react";
import { AUTO_PAGES, emptyAtEnd } from "./searching";
import type { useJobs } from "./useJobs";

/** Load the next page while a search has found nothing, at most `AUTO_PAGES` times; then the user must continue it. */
export function useSearching(pages: ReturnType<typeof useJobs>["pages"], empty: boolean) {
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pages;
  const [allowed, setAllowed] = useState(AUTO_PAGES);
  const searched = pages.data?.pages.reduce((sum, page) => sum + page.looked, 0) ?? 0;
  const without = emptyAtEnd(pages.data?.pages ?? []);
  const may = hasNextPage && !isFetchingNextPage && !isFetchNextPageError && without < allowed;
  const next = useCallback(() => {
    if (may) void fetchNextPage();
  }, [may, fetchNextPage]);
  useEffect(() => {
    if (empty) next();
  }, [empty, next]);
  const goOn = () => {
    setAllowed(without + AUTO_PAGES);
    void fetchNextPage();
  };
  return { searched, next, goOn };
}

import { useEffect, useState } from "react";
import { count } from "@/texts/numbers";
import { Button } from "@/ui/Button";
import { IconAlert } from "@/ui/icons";
import type { useJobs } from "./useJobs";
import { t } from "@/texts/en/list";

const MOST = 10_000;
/** The number of rows that are loaded for an order without a question. */
const AUTO = 1000;

/**
 * Load rows for an order that the API does not have: up to `AUTO` at once, the others when the user asks for them. Say
 * which rows are sorted.
 */
export default function PartlySorted({
  loaded,
  total,
  pages,
}: {
  loaded: number;
  total: number | null;
  pages: ReturnType<typeof useJobs>["pages"];
}) {
  const [most, setMost] = useState(AUTO);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pages;
  const going = hasNextPage && !isFetchNextPageError && loaded < most;
  useEffect(() => {
    if (going && !isFetchingNextPage) void fetchNextPage();
  }, [going, isFetchingNextPage, fetchNextPage]);
  const rest = total === null || total > MOST ? t.sortUpTo(count(MOST)) : t.sortAll(count(total));
  return (
    <div
      role="status"
      className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-t border-line px-3 py-1.5 text-xs text-soft"
    >
      <IconAlert width={14} height={14} className="text-amber" />
      <p className="nums min-w-44 flex-1">
        {t.onlyFirstSorted(count(loaded), total === null ? null : count(total))}
      </p>
      {going ? (
        <Button size="sm" onClick={() => setMost(0)}>
          {t.stopLoading}
        </Button>
      ) : (
        loaded < MOST && (
          <Button size="sm" onClick={() => setMost(MOST)}>
            {rest}
          </Button>
        )
      )}
    </div>
  );
}

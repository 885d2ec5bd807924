import { useEffect, useState } from "react";
import { count } from "@/lib/format";
import { Button } from "@/ui/Button";
import { IconAlert } from "@/ui/icons";
import type { useJobs } from "./useJobs";

const MOST = 10_000;

/** The API lists newest first only: says that the order is among what is loaded, and loads the rest when asked. */
export function PartlySorted({
  loaded,
  total,
  pages,
}: {
  loaded: number;
  total: number | null;
  pages: ReturnType<typeof useJobs>["pages"];
}) {
  const [wanted, setWanted] = useState(false);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pages;
  const going = wanted && hasNextPage && !isFetchNextPageError && loaded < MOST;
  useEffect(() => {
    if (going && !isFetchingNextPage) void fetchNextPage();
  }, [going, isFetchingNextPage, fetchNextPage]);
  const rest = total === null || total > MOST ? `up to ${count(MOST)}` : `all ${count(total)}`;
  return (
    <div
      role="status"
      className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-t border-line px-3 py-1.5 text-xs text-soft"
    >
      <IconAlert width={14} height={14} className="text-amber" />
      <p className="nums min-w-44 flex-1">
        Sorted among the newest <strong className="text-text">{count(loaded)}</strong>
        {total !== null && ` of ${count(total)}`} jobs.
      </p>
      {going ? (
        <Button size="sm" onClick={() => setWanted(false)}>
          Stop loading
        </Button>
      ) : (
        loaded < MOST && (
          <Button size="sm" onClick={() => setWanted(true)}>
            Load {rest} and sort them
          </Button>
        )
      )}
    </div>
  );
}

import { useQueryClient, type InfiniteData, type QueryKey } from "@tanstack/react-query";
import { Button } from "@/ui/Button";
import { t } from "@/texts/en/base";

interface Seen {
  state: { data?: { pages: readonly unknown[] } | undefined; error?: unknown };
}
const isOne = ({ state }: Seen) => (state.data?.pages.length ?? 0) <= 1;

/**
 * Poll a list only while one page of it is loaded, because a refresh requests all its pages again, one after the other.
 * `OlderPages` says so.
 */
export function whileOnePage({
  refetchInterval,
}: {
  refetchInterval: ((query?: Seen) => number | false) | false;
}) {
  return {
    refetchInterval: (query: Seen) => isOne(query) && refetchInterval && refetchInterval(query),
    refetchIntervalInBackground: true,
    refetchOnWindowFocus: isOne,
    refetchOnReconnect: isOne,
  };
}

interface OlderPagesProps {
  queryKey: QueryKey;
  /** The text of the button that loads the next page. */
  label: string;
  pages: {
    data: InfiniteData<unknown> | undefined;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    isFetchNextPageError: boolean;
    fetchNextPage: () => Promise<unknown>;
  };
}

/** Load the next page of a list, or return to its first page, which is kept up to date. */
export function OlderPages({ queryKey, label, pages }: OlderPagesProps) {
  const client = useQueryClient();
  const showNewest = () => {
    client.setQueryData<InfiniteData<unknown>>(queryKey, (now) =>
      now ? { pages: now.pages.slice(0, 1), pageParams: now.pageParams.slice(0, 1) } : undefined,
    );
    void client.invalidateQueries({ queryKey });
  };
  return (
    <footer className="flex flex-wrap items-center justify-center gap-x-4 gap-y-2 text-xs text-soft">
      {pages.hasNextPage && (
        <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {pages.isFetchNextPageError ? t.couldntLoadMoreRetry : label}
        </Button>
      )}
      {(pages.data?.pages.length ?? 0) > 1 && (
        <>
          <p role="status">{t.notUpdated}</p>
          <Button tone="ghost" onClick={showNewest}>
            {t.onlyNewest}
          </Button>
        </>
      )}
    </footer>
  );
}

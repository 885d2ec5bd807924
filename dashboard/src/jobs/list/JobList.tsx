import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { PAGE, type Job } from "@/api/jobs/jobs";
import { cx } from "@/lib/cx";
import { isShortcut, useKeys } from "@/lib/useKeys";
import { useMe } from "@/session/session";
import { IconUp } from "@/ui/icons";
import { ask } from "@/jobs/actions/actions";
import type { JobAction } from "@/jobs/status";
import { bulkQuestion, countOf, editQuestion } from "./bulkQuestion";
import { JobTable } from "@/jobs/table/JobTable";
import { ListFooter, RowsToCome } from "./listStates";
import { isNarrowed, isServerOrder, sortOf, toFilter, type JobsSearch, type SortKey } from "@/jobs/search";
import { trail } from "@/jobs/trail";
import { useJobs } from "./useJobs";
import { useSearching } from "./useSearching";
import { useSelection } from "@/jobs/table/useSelection";
import { useSteadyOrder } from "@/jobs/table/useSteadyOrder";
import { t } from "@/texts/en/list";

const BulkBar = lazy(() => import("./BulkBar"));
const NoRows = lazy(() => import("./NoRows"));
const PartlySorted = lazy(() => import("./PartlySorted"));

/** Show the rows of one filter. A list with another filter has its own selection. */
export function JobList({ search }: { search: JobsSearch }) {
  const { can } = useMe();
  const navigate = useNavigate({ from: "/dashboard" });
  // A relative range begins when the list is opened, so that all pages of the list have the same range.
  const [opened] = useState(() => Date.now());
  const [filter] = useState(() => toFilter(search, opened));
  const shown = useRef<Job[]>([]);
  const selection = useSelection(shown);
  const jobs = useJobs(filter, selection.ids.size > 0);
  const { pages } = jobs;
  const sorted = useSteadyOrder(jobs.rows, search.sort, search.dir ?? "desc", opened);
  const inOrder = isServerOrder(search);
  const [start] = useState(() => trail.get().reading);
  useLayoutEffect(() => {
    shown.current = sorted;
    trail.set({ search, ids: sorted.map((job) => job.id), reading: null });
  }, [sorted, search]);
  const { fresh, accept } = jobs;
  const empty = jobs.rows.length === 0;
  // An empty list has no row that could move.
  useEffect(() => {
    if (empty && fresh > 0) accept();
  }, [empty, fresh, accept]);
  const onSort = (sort: SortKey) => {
    const dir = sortOf(search) === sort && search.dir !== "asc" ? ("asc" as const) : undefined;
    const { sort: _, dir: __, ...rest } = search;
    void navigate({ search: { ...rest, sort, ...(dir && { dir }) }, replace: true });
  };
  const searching = useSearching(pages, empty);
  const { next } = searching;
  const onEnd = useCallback(() => {
    // With another order, the rows of the next page would appear between the existing rows, so the user must request
    // it.
    if (inOrder) next();
  }, [inOrder, next]);
  const picked = { rows: sorted, ids: selection.ids, matching: selection.matching, search, now: opened };
  const question = (action: JobAction) => bulkQuestion(picked, action, selection.clear);
  const act = (action: JobAction) => {
    const asked = question(action);
    if (asked) ask(asked);
  };
  const edit = () => {
    const asked = editQuestion(picked, selection.clear);
    if (asked) ask(asked);
  };
  const limited = search.id !== undefined || search.parent !== undefined;
  const canMatch = !limited && pages.hasNextPage;
  useKeys((event) => {
    if (event.key === "Escape" && isShortcut(event)) selection.clear();
  });

  if (pages.isPending) return <RowsToCome />;
  return (
    <>
      <Fresh
        count={jobs.fresh}
        onAccept={jobs.accept}
        held={selection.ids.size > 0}
        beside={!isNarrowed(search)}
      />
      {!inOrder && pages.hasNextPage && (
        <Suspense>
          <PartlySorted loaded={sorted.length} total={jobs.total} pages={pages} />
        </Suspense>
      )}
      {sorted.length === 0 ? (
        <Suspense>
          <NoRows search={search} pages={pages} searched={searching.searched} onGoOn={searching.goOn} />
        </Suspense>
      ) : (
        <JobTable
          rows={sorted}
          left={jobs.left}
          selection={selection}
          search={search}
          onSort={onSort}
          onVisible={jobs.watch}
          onEnd={onEnd}
          selectable={can.act}
          actOnSelection={act}
          selectMatching={canMatch ? selection.selectMatching : selection.selectLoaded}
          start={start}
        />
      )}
      <ListFooter
        loaded={sorted.length}
        searched={searching.searched}
        total={jobs.total}
        pages={pages}
        onMore={searching.goOn}
      />
      {selection.ids.size > 0 && (
        <Suspense>
          <BulkBar
            selection={selection}
            total={jobs.total}
            canMatch={canMatch && selection.ids.size >= sorted.length && !selection.matching}
            allowed={(action) => question(action) !== null}
            cancellable={countOf(question("cancel"))}
            act={act}
            edit={edit}
          />
        </Suspense>
      )}
    </>
  );
}

interface FreshProps {
  count: number;
  onAccept: () => void;
  held: boolean;
  /** If there is enough space, beside the filters, because there are no chips. */
  beside: boolean;
}

/** Offer new jobs in a button, so that rows do not move automatically. */
function Fresh({ count: n, onAccept, held, beside }: FreshProps) {
  if (n === 0 || held) return null;
  const accept = () => {
    onAccept();
    document.getElementById("job-list")?.scrollIntoView({ block: "nearest" });
  };
  return (
    // Beside the filters if there is space; else above the rows.
    <div
      className={cx(
        "pointer-events-none sticky top-13 z-25 -mb-8 flex h-8 justify-center",
        beside && "lg:-mt-10 lg:mb-2 lg:justify-end lg:pe-22",
      )}
    >
      <button
        type="button"
        onClick={accept}
        className="pop pointer-events-auto mt-0.5 flex h-7 items-center gap-1.5 border border-accent bg-accent px-3 text-xs font-semibold text-on-accent shadow-float"
      >
        <IconUp width={12} height={12} />
        {n >= PAGE ? `${PAGE}+` : n} {t.newJobs}
      </button>
    </div>
  );
}

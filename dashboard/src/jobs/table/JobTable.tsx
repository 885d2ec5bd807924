import { useNavigate } from "@tanstack/react-router";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Job } from "@/api/jobs/jobs";
import { range, useRows } from "@/lib/useRows";
import { useNow } from "@/live/live";
import { usePrefs } from "@/session/prefs";
import { columnsOf, fitColumns, NARROW, tableWidth } from "./columns";
import { JobCard } from "./JobCard";
import { JobRow } from "./JobRow";
import { sortOf, type JobsSearch, type SortKey } from "@/jobs/search";
import type { JobAction } from "@/jobs/status";
import { HeaderRow } from "./HeaderRow";
import { useRowKeys } from "./useRowKeys";
import type { Selection } from "./useSelection";
import { t } from "@/texts/en/list";

interface JobTableProps {
  rows: Job[];
  left: ReadonlySet<string>;
  selection: Selection;
  search: JobsSearch;
  onSort: (sort: SortKey) => void;
  onVisible: (rows: Job[]) => void;
  onEnd: () => void;
  selectable: boolean;
  actOnSelection: (action: JobAction) => void;
  selectMatching: (() => void) | null;
  /** The first row to show: the job that the user opened last. */
  start: string | null;
}

const HEIGHT = { compact: 36, comfortable: 48 } as const;
const CARD = 132;

/** Show the jobs as rows, or as cards on a narrow screen. Only the visible ones are in the page. */
export function JobTable({
  rows,
  left,
  selection,
  search,
  onSort,
  onVisible,
  onEnd,
  selectable,
  actOnSelection,
  selectMatching,
  start,
}: JobTableProps) {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const { density, hidden } = usePrefs();
  const navigate = useNavigate();
  const now = useNow();
  const cards = width > 0 && width < NARROW;
  const size = cards ? CARD : HEIGHT[density];
  const { first, last } = useRows({ count: rows.length, size, scroller: "window", list });

  const sort = sortOf(search);
  const columns = useMemo(
    () => fitColumns(columnsOf(search.status, hidden), width || 1200, sort),
    [hidden, search.status, width, sort],
  );
  useEffect(() => tableWidth.set(width), [width]);
  useEffect(() => onVisible(rows.slice(first, last)), [rows, first, last, onVisible]);
  useEffect(() => {
    if (last >= rows.length - 15 && rows.length > 0) onEnd();
  }, [last, rows.length, onEnd]);
  const keys = {
    reveal: (index: number) => reveal(list.current, index, size),
    actOnSelection,
    selectMatching,
  };
  useRowKeys(rows, selection, keys, selectable, start);

  const open = (job: Job) => void navigate({ to: "/jobs/$id", params: { id: job.id } });
  return (
    <div ref={box} role="table" aria-label={t.jobs} aria-rowcount={rows.length + 1} className="min-w-0">
      {!cards && (
        <HeaderRow
          columns={columns}
          search={search}
          onSort={onSort}
          selection={selection}
          rows={rows.length}
          selectable={selectable}
        />
      )}
      <div ref={list} role="rowgroup" className="relative" style={{ height: rows.length * size }}>
        {range(first, last).map((index) => {
          const job = rows[index];
          if (!job) return null;
          const place = { height: size, transform: `translateY(${index * size}px)` };
          const shared = {
            job,
            now,
            place,
            index,
            left: left.has(job.id),
            selection,
            selectable,
            onOpen: open,
          };
          return cards ? (
            <JobCard key={job.id} {...shared} />
          ) : (
            <JobRow key={job.id} {...shared} columns={columns} />
          );
        })}
      </div>
    </div>
  );
}

/** The height of the headers of page and table at the top, and of the selection's bar at the bottom, in pixels. */
const TOP = 90;
const BOTTOM = 80;

/** Scroll by the smallest distance that makes the row visible. */
function reveal(list: HTMLElement | null, index: number, size: number): void {
  if (!list) return;
  const top = list.getBoundingClientRect().top + index * size;
  if (top < TOP) window.scrollBy({ top: top - TOP });
  else if (top + size > window.innerHeight - BOTTOM)
    window.scrollBy({ top: top + size - window.innerHeight + BOTTOM });
}

/** Return the width of the list in pixels, or the width that it will have; 0 where there is no layout. */
function firstWidth(): number {
  return document.getElementById("job-list")?.clientWidth ?? roomIn(document.documentElement.clientWidth);
}

/** Return the width of the page's margins (Shell) and borders, in pixels. */
function roomIn(window: number): number {
  const edges = window < 640 ? 2 * 12 : 2 * 16;
  return Math.max(0, Math.min(1600, window) - edges - 2);
}

/** Return the width of the section, in pixels. */
function useWidth(ref: React.RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(firstWidth);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    // The observer reports the width before the next paint; measuring it here would cause one more layout.
    const watcher = new ResizeObserver(() => setWidth(element.clientWidth));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [ref]);
  return width;
}

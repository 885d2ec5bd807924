import { useNavigate } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Job } from "@/api/jobs";
import { useNow } from "@/live/live";
import { usePrefs } from "@/session/prefs";
import { COLUMNS, fitColumns } from "./columns";
import { JobCard } from "./JobCard";
import { JobRow } from "./JobRow";
import type { JobsSearch, SortKey } from "./search";
import { HeaderRow } from "./HeaderRow";
import { useRowKeys } from "./useRowKeys";
import type { Selection } from "./useSelection";

interface JobTableProps {
  rows: Job[];
  left: ReadonlySet<string>;
  selection: Selection;
  search: JobsSearch;
  onSort: (sort: SortKey) => void;
  onVisible: (rows: Job[]) => void;
  onEnd: () => void;
  selectable: boolean;
}

const HEIGHT = { compact: 36, comfortable: 48 } as const;
const CARD = 104;
const NARROW = 600;

/** The jobs, as rows where there is room and as cards where there is not; only those in view are in the page. */
export function JobTable({
  rows,
  left,
  selection,
  search,
  onSort,
  onVisible,
  onEnd,
  selectable,
}: JobTableProps) {
  const box = useRef<HTMLDivElement>(null);
  const { width, top } = useBox(box);
  const { density, hidden } = usePrefs();
  const navigate = useNavigate();
  const now = useNow();
  const cards = width > 0 && width < NARROW;
  const size = cards ? CARD : HEIGHT[density];
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => size,
    overscan: 12,
    scrollMargin: top,
    scrollPaddingStart: 100,
    scrollPaddingEnd: 80,
  });
  useEffect(() => virtual.measure(), [virtual, size]);

  const columns = useMemo(
    () =>
      fitColumns(
        COLUMNS.filter((column) => !hidden.includes(column.key)),
        width || 1200,
      ),
    [hidden, width],
  );
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => onVisible(rows.slice(first, last + 1)), [rows, first, last, onVisible]);
  useEffect(() => {
    if (last >= rows.length - 15 && rows.length > 0) onEnd();
  }, [last, rows.length, onEnd]);
  useRowKeys(rows, selection, (index) => virtual.scrollToIndex(index), selectable);

  const open = (job: Job) => void navigate({ to: "/jobs/$id", params: { id: job.id } });
  return (
    <div ref={box} role="table" aria-label="Jobs" aria-rowcount={rows.length + 1} className="min-w-0">
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
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const job = rows[item.index];
          if (!job) return null;
          const place = { height: item.size, transform: `translateY(${item.start - top}px)` };
          const shared = {
            job,
            now,
            place,
            index: item.index,
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

export interface RowProps {
  job: Job;
  now: number;
  place: { height: number; transform: string };
  index: number;
  left: boolean;
  selection: Selection;
  selectable: boolean;
  onOpen: (job: Job) => void;
}

/** How wide the table may be, and where on the page it begins. */
function useBox(ref: React.RefObject<HTMLDivElement | null>) {
  const [box, setBox] = useState({ width: 0, top: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const look = () => {
      const { width, top } = element.getBoundingClientRect();
      const next = { width, top: Math.round(top + window.scrollY) };
      setBox((now) => (now.width === next.width && now.top === next.top ? now : next));
    };
    look();
    const watcher = new ResizeObserver(look);
    watcher.observe(element);
    watcher.observe(document.body);
    return () => watcher.disconnect();
  }, [ref]);
  return box;
}

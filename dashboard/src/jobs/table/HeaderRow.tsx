import { cx } from "@/lib/cx";
import { IconDown, IconUp } from "@/ui/icons";
import { template, type Column } from "./columns";
import { sortOf, type JobsSearch, type SortKey } from "@/jobs/search";
import type { Selection } from "./useSelection";
import { t } from "@/texts/en/list";

interface HeaderProps {
  columns: Column[];
  search: JobsSearch;
  onSort: (sort: SortKey) => void;
  selection: Selection;
  rows: number;
  selectable: boolean;
}

/** Stays below the page's header while the rows scroll. */
export function HeaderRow({ columns, search, onSort, selection, rows, selectable }: HeaderProps) {
  return (
    <div role="rowgroup" className="sticky top-12 z-20">
      <div
        role="row"
        aria-rowindex={1}
        className="grid h-8 items-center gap-3 border-y border-line bg-raised px-2 text-xs text-soft"
        style={{ gridTemplateColumns: template(columns) }}
      >
        <span role="columnheader">
          {!selectable && <span className="sr-only">{t.nothingToSelect}</span>}
          {selectable && (
            <input
              type="checkbox"
              aria-label={t.selectAllLoadedJobs}
              className="mx-1.5 block size-3.5"
              checked={rows > 0 && selection.ids.size >= rows}
              ref={(box) => {
                if (box) box.indeterminate = selection.ids.size > 0 && selection.ids.size < rows;
              }}
              onChange={selection.toggleAll}
            />
          )}
        </span>
        {columns.map((column) => (
          <HeaderCell key={column.key} column={column} search={search} onSort={onSort} />
        ))}
        <span role="columnheader" className="col-start-[-2]">
          <span className="sr-only">{t.actions}</span>
        </span>
      </div>
    </div>
  );
}

function HeaderCell({ column, search, onSort }: { column: Column } & Pick<HeaderProps, "search" | "onSort">) {
  const { sort, title, end, apart } = column;
  const active = sort !== undefined && sortOf(search) === sort;
  const up = search.dir === "asc";
  if (!sort)
    return (
      <span role="columnheader" className={cx(end && "text-end", apart && "ps-2")}>
        {title}
      </span>
    );
  return (
    <span
      role="columnheader"
      aria-sort={active ? (up ? "ascending" : "descending") : "none"}
      className={cx(end && "text-end")}
    >
      <button
        type="button"
        onClick={() => onSort(sort)}
        className={cx(
          "inline-flex items-center gap-1 hover:text-text",
          active && "text-text",
          end && "flex-row-reverse",
        )}
      >
        {title}
        {active && (up ? <IconUp width={11} height={11} /> : <IconDown width={11} height={11} />)}
      </button>
    </span>
  );
}

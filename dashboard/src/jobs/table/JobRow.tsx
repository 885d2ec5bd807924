import { memo } from "react";
import { cx } from "@/lib/cx";
import { shortId } from "@/lib/format";
import { template, type Column } from "./columns";
import type { RowProps } from "./row";
import { RowActions } from "@/jobs/actions/RowActions";
import { t } from "@/texts/en/list";

/** One job as a row. */
export const JobRow = memo(function JobRow({
  job,
  now,
  place,
  index,
  left,
  selection,
  selectable,
  onOpen,
  columns,
}: RowProps & { columns: Column[] }) {
  const selected = selection.matching || selection.ids.has(job.id);
  return (
    // The keyboard's way to the job is the link in its first cell; a click anywhere on the row is a convenience.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selectable ? selected : undefined}
      data-job={job.id}
      title={left ? t.matchesNoMore : undefined}
      onClick={(event) => {
        if (!(event.target as Element).closest("a, button, input, label") && !getSelection()?.toString())
          onOpen(job);
      }}
      className={cx(
        "group absolute inset-x-0 top-0 grid cursor-pointer items-center gap-3 border-b border-line px-2 text-sm",
        "hover:bg-hover has-[a:focus-visible]:bg-hover has-[a:focus-visible]:shadow-[inset_2px_0_0_var(--focus)]",
        selected && "bg-wash",
        left && "bg-bg italic",
      )}
      style={{ ...place, gridTemplateColumns: template(columns) }}
    >
      <span role="cell">
        {selectable && (
          <input
            type="checkbox"
            aria-label={t.selectJob(shortId(job.id))}
            className="mx-1.5 block size-3.5"
            checked={selected}
            onChange={(event) => selection.toggle(job.id, (event.nativeEvent as MouseEvent).shiftKey)}
          />
        )}
      </span>
      {columns.map((column) => (
        <span
          key={column.key}
          role="cell"
          className={cx("min-w-0", column.end && "nums text-end text-xs", column.apart && "ps-2")}
        >
          {column.cell(job, now)}
        </span>
      ))}
      <span role="cell" className="col-start-[-2]">
        <RowActions job={job} />
      </span>
    </div>
  );
});

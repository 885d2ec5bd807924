import { Link } from "@tanstack/react-router";
import { cx } from "@/lib/cx";
import { shortId } from "@/lib/format";
import { duration } from "@/lib/time";
import { Age } from "@/live/Age";
import { Attempts, Details, dueAt, Tags } from "./columns";
import type { RowProps } from "./row";
import { ran } from "@/jobs/measure";
import { RowActions } from "@/jobs/actions/RowActions";
import { StatusChip } from "@/jobs/StatusChip";
import { linkClass } from "@/ui/link";
import { t } from "@/texts/en/list";

/** Show one job as a card, where the table has no space for columns. */
export function JobCard({ job, now, place, index, left, selection, selectable, onOpen }: RowProps) {
  const selected = selection.matching || selection.ids.has(job.id);
  const run = ran(job, now);
  return (
    // As in JobRow: the link is the keyboard's way.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      role="row"
      aria-rowindex={index + 2}
      data-job={job.id}
      title={left ? t.matchesNoMore : undefined}
      onClick={(event) => {
        if (!(event.target as Element).closest("a, button, input, label")) onOpen(job);
      }}
      className={cx(
        "absolute inset-x-0 top-0 border-b border-line px-3 py-2.5",
        selected && "bg-wash",
        left && "bg-bg italic",
      )}
      style={place}
    >
      <div role="cell" className="flex h-full flex-col justify-between">
        <div className="flex items-center gap-2">
          {selectable && (
            <input
              type="checkbox"
              aria-label={t.selectJob(shortId(job.id))}
              className="size-4"
              checked={selected}
              onChange={() => selection.toggle(job.id)}
            />
          )}
          <StatusChip
            status={job.status}
            id={job.id}
            discarded={job.discarded !== null}
            expired={job.expired}
          />
          <span className="nums ms-auto text-xs text-soft">
            <Age at={(job.status === "scheduled" ? dueAt(job) : null) ?? job.createdAt} />
          </span>
        </div>
        <div className="flex items-center gap-2">
          <Link
            to="/jobs/$id"
            params={{ id: job.id }}
            data-row-link={job.id}
            className={cx(linkClass, "truncate font-mono text-xs")}
          >
            {job.type} · {shortId(job.id)}
          </Link>
          <span className="ms-auto -me-1">
            <RowActions job={job} />
          </span>
        </div>
        <div className="flex items-center gap-3 text-xs text-soft">
          <span className="shrink-0">
            {t.attempt} <Attempts job={job} />
          </span>
          {run !== null && <span className="nums shrink-0">{duration(run)}</span>}
          <span className="ms-auto min-w-0">
            <Tags {...job} />
          </span>
        </div>
        <div className="min-w-0">
          <Details job={job} />
        </div>
      </div>
    </div>
  );
}

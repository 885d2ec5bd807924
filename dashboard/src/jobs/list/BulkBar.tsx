import type { Job } from "@/api/jobs";
import { plural } from "@/lib/format";
import { Button } from "@/ui/Button";
import { IconBan, IconClose, IconRetry } from "@/ui/icons";
import { ask } from "@/jobs/actions/actions";
import { actionFilter, type JobsSearch } from "@/jobs/search";
import { allows, type JobAction } from "@/jobs/status";
import type { Selection } from "@/jobs/table/useSelection";

interface BulkBarProps {
  rows: Job[];
  selection: Selection;
  search: JobsSearch;
  total: number | null;
  more: boolean;
  now: number;
}

/** What is picked, and what can be done with it. While something is picked, the list holds still. */
export function BulkBar({ rows, selection, search, total, more, now }: BulkBarProps) {
  const { ids, matching } = selection;
  if (ids.size === 0) return null;
  const picked = rows.filter((job) => ids.has(job.id));
  const act = (action: JobAction) => {
    const filter = matching ? actionFilter(search, action, now) : null;
    const legal = picked.filter((job) => allows(job.status, action)).map((job) => job.id);
    ask({
      kind: "many",
      action,
      target: filter ? { filter } : { ids: legal },
      what: filter ? "all that match" : plural(legal.length, "selected job"),
      onDone: selection.clear,
    });
  };
  const possible = (action: JobAction) =>
    matching ? actionFilter(search, action, now) !== null : picked.some((job) => allows(job.status, action));
  const canMatch = !search.id && more && ids.size >= rows.length && !matching;
  return (
    <div
      role="toolbar"
      aria-label="Selected jobs"
      className="pop fixed inset-x-2 bottom-16 z-30 mx-auto flex max-w-2xl flex-wrap items-center gap-1 border border-strong bg-panel p-2 ps-3 shadow-float sm:ps-4 sm:bottom-4"
    >
      <p aria-live="polite" className="me-auto text-sm">
        <strong className="nums">
          {matching
            ? total === null
              ? "All that match"
              : `All ${plural(total, "job")}`
            : plural(ids.size, "job")}
        </strong>{" "}
        <span className="text-soft">
          selected<span className="max-sm:sr-only"> · list held</span>
        </span>
      </p>
      {canMatch && (
        <Button size="sm" tone="ghost" onClick={selection.selectMatching}>
          {total === null ? "Select all that match" : `Select all ${total} that match`}
        </Button>
      )}
      {possible("retry") && (
        <Button size="sm" icon={<IconRetry width={14} height={14} />} onClick={() => act("retry")}>
          Retry
        </Button>
      )}
      {possible("cancel") && (
        <Button size="sm" icon={<IconBan width={14} height={14} />} onClick={() => act("cancel")}>
          Cancel jobs
        </Button>
      )}
      <Button size="sm" tone="ghost" icon={<IconClose width={14} height={14} />} onClick={selection.clear}>
        <span className="max-sm:sr-only">Clear</span>
      </Button>
    </div>
  );
}

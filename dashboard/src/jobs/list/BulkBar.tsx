import { count } from "@/texts/numbers";
import { Button } from "@/ui/Button";
import { IconBan, IconCheck, IconClose, IconRetry } from "@/ui/icons";
import type { JobAction } from "@/jobs/status";
import type { Selection } from "@/jobs/table/useSelection";
import { t } from "@/texts/en/list";

interface BulkBarProps {
  selection: Selection;
  total: number | null;
  /** True if all matching jobs can be selected, also those that are not loaded. */
  canMatch: boolean;
  allowed: (action: JobAction) => boolean;
  /** The number of selected jobs that can be cancelled; null if not all of them are loaded. */
  cancellable: number | null;
  act: (action: JobAction) => void;
  /** Ask for another value of a field of the payloads. */
  edit: () => void;
}

/** Show the selection and its actions. While jobs are selected, the list is not updated. */
export default function BulkBar(props: BulkBarProps) {
  const { selection, total, canMatch, allowed, cancellable, act, edit } = props;
  const { ids, matching } = selection;
  const cancelLabel = cancellable === null ? t.cancelMatchingJobs : t.cancelJobs(cancellable);
  return (
    <div
      role="toolbar"
      aria-label={t.selectedJobs}
      className="pop fixed inset-x-2 bottom-16 z-30 mx-auto flex max-w-3xl flex-wrap items-center gap-1 border border-strong bg-panel p-2 ps-3 shadow-float sm:ps-4 sm:bottom-4"
    >
      <p aria-live="polite" className="me-auto text-sm max-sm:-order-2">
        <strong className="nums">
          {matching ? (total === null ? t.allMatching : t.allJobs(total)) : t.jobCount(ids.size)}
        </strong>{" "}
        <span className="text-soft">
          {t.selected}
          <span className="max-sm:sr-only"> {t.updatesPaused}</span>
        </span>
      </p>
      {canMatch && (
        <Button size="sm" tone="ghost" onClick={selection.selectMatching}>
          {total === null ? t.selectAllMatching : t.selectAllCounted(count(total))}
        </Button>
      )}
      {allowed("retry") && (
        <Button size="sm" icon={<IconRetry width={14} height={14} />} onClick={() => act("retry")}>
          {t.retry}
        </Button>
      )}
      {allowed("retry") && (
        <Button size="sm" onClick={edit}>
          {t.editPayloads}
        </Button>
      )}
      {allowed("discard") && (
        <Button size="sm" icon={<IconCheck width={14} height={14} />} onClick={() => act("discard")}>
          {t.discard}
        </Button>
      )}
      {allowed("cancel") && (
        <Button size="sm" icon={<IconBan width={14} height={14} />} onClick={() => act("cancel")}>
          {cancelLabel}
        </Button>
      )}
      <Button
        size="sm"
        tone="ghost"
        className="max-sm:-order-1"
        icon={<IconClose width={14} height={14} />}
        onClick={selection.clear}
      >
        <span className="max-sm:sr-only">{t.clear}</span>
      </Button>
    </div>
  );
}

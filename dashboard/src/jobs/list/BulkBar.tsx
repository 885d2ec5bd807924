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
      className="pop fixed inset-x-2 bottom-16 z-30 mx-auto flex max-w-4xl flex-wrap items-center gap-x-2 gap-y-1.5 border border-strong bg-panel p-2 ps-3 shadow-float sm:bottom-4 sm:flex-nowrap sm:ps-4"
    >
      <p aria-live="polite" className="me-auto text-sm sm:shrink-0">
        <strong className="nums">
          {matching ? (total === null ? t.allMatching : t.allJobs(total)) : t.jobCount(ids.size)}
        </strong>{" "}
        <span className="text-soft">
          {t.selected}
          <span className="max-lg:sr-only"> {t.updatesPaused}</span>
        </span>
      </p>
      {/* On a phone the actions are a row of their own, below the number and the button that clears the selection. */}
      <div className="flex flex-wrap gap-1 max-sm:order-1 max-sm:w-full max-sm:*:flex-1 sm:justify-end">
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
      </div>
      <Button size="sm" tone="ghost" icon={<IconClose width={14} height={14} />} onClick={selection.clear}>
        <span className="max-sm:sr-only">{t.clear}</span>
      </Button>
    </div>
  );
}

import { cancelBatch, closeBatch, retryBatch, type BatchDetail } from "@/api/jobs/batches";
import { useMe } from "@/session/session";
import { IconBan, IconCheck, IconRetry } from "@/ui/icons";
import { Ask } from "@/ui/overlay/Ask";
import { useAct } from "./useBatch";
import { t } from "@/texts/en/batches";

interface ActionsProps {
  batch: BatchDetail;
  /** The number of members that are failed now; null if some may be. */
  failed: number | null;
}

/** The actions of operators: close the batch, cancel it, retry its failed members. Each asks first. */
export function BatchActions({ batch, failed }: ActionsProps) {
  const { can } = useMe();
  const { id, state, then, newest, cancelledBy } = batch;
  const close = useAct(
    (reason) => closeBatch(id, reason),
    () => t.closedDone,
  );
  const cancel = useAct(
    (reason) => cancelBatch(id, reason),
    () => t.cancelledDone,
  );
  const retry = useAct(
    (reason) => retryBatch(id, newest.round, reason),
    (any) => (any ? t.retriedDone : t.noneFailed),
  );
  const retrying = isRetrying(batch);
  const cancelling = cancelledBy !== null;
  const says = [retrying && t.retriedDone, cancelling && t.cancelRequested(cancelledBy)].filter(Boolean);
  const buttons = can.act && (state !== "ended" || (failed !== 0 && !retrying));
  if (!buttons && says.length === 0) return null;
  return (
    <div className="flex flex-wrap items-center gap-2 sm:ms-auto">
      <span role="status" className="text-sm text-soft empty:hidden">
        {says.join(" ")}
      </span>
      {buttons && failed !== 0 && !retrying && (
        <Ask
          size="md"
          icon={<IconRetry />}
          label={t.retryOf}
          word={t.retry}
          question={t.retryQuestion(then)}
          disabled={retry.isPending}
          onYes={retry.mutate}
        />
      )}
      {buttons && state === "open" && !cancelling && (
        <Ask
          size="md"
          icon={<IconCheck />}
          label={t.closeOf}
          word={t.close}
          question={t.closeQuestion}
          disabled={close.isPending}
          onYes={close.mutate}
        />
      )}
      {buttons && state !== "ended" && !cancelling && (
        <Ask
          danger
          size="md"
          icon={<IconBan />}
          label={t.cancelOf}
          word={t.cancel}
          question={t.cancelQuestion(then)}
          disabled={cancel.isPending}
          onYes={cancel.mutate}
        />
      )}
    </div>
  );
}

/** Return whether failed members are being moved into their round: another request would retry none of them. */
export function isRetrying({ retrying, rounds }: BatchDetail): boolean {
  return retrying || rounds.some(({ bulk, closedAt }) => bulk !== null && closedAt === null);
}

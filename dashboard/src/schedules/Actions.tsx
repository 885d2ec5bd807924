import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useReducer } from "react";
import { ApiError, sentence } from "@/api/numbers/errors";
import { remove, runNow, setPaused, type Schedule } from "@/api/queues/schedules";
import { newKey } from "@/lib/newKey";
import { useMe } from "@/session/session";
import { Button, buttonClass } from "@/ui/Button";
import { Popover } from "@/ui/overlay/Popover";
import { toast } from "@/ui/overlay/toast";
import { t } from "@/texts/en/schedules";

/**
 * The actions that the role allows: operators run, pause and resume; administrators also edit and delete stored
 * schedules.
 */
export function Actions({ schedule: { id, paused, declared } }: { schedule: Schedule }) {
  const { can } = useMe();
  const pause = useAct(() => setPaused(id, !paused), paused ? t.resumedDone(id) : t.pausedDone(id));
  const [key, renewKey] = useReducer(newKey, undefined, newKey);
  const run = useAct(() => runNow(id, key), t.runDone(id), renewKey);
  const removal = useAct(() => remove(id), t.deletedDone(id));
  if (!can.act) return null;
  const stored = can.administer && !declared;
  return (
    <div className="flex flex-wrap gap-1">
      <Button size="sm" aria-label={t.runNowOf(id)} disabled={run.isPending} onClick={() => run.mutate()}>
        {t.runNow}
      </Button>
      <Button
        size="sm"
        aria-label={paused ? t.resumeOf(id) : t.pauseOf(id)}
        disabled={pause.isPending}
        onClick={() => pause.mutate()}
      >
        {paused ? t.resume : t.pause}
      </Button>
      {stored && (
        <Link
          to="/schedules"
          search={{ edit: id }}
          aria-label={t.editOf(id)}
          className={buttonClass("plain", "sm")}
        >
          {t.edit}
        </Link>
      )}
      {stored && (
        <Popover
          label={t.deleteOf(id)}
          trigger={
            <Button size="sm" tone="ghost" aria-label={t.deleteOf(id)}>
              {t.delete}
            </Button>
          }
        >
          {(close) => (
            <>
              <p className="mb-3 text-sm">{t.deleteQuestion}</p>
              <Button
                tone="danger"
                onClick={() => {
                  close();
                  removal.mutate();
                }}
              >
                {t.deleteOf(id)}
              </Button>
            </>
          )}
        </Popover>
      )}
    </div>
  );
}

/** `answered` is called when the result is known: not after a lost answer, and not after a 5xx. */
function useAct(act: () => Promise<unknown>, done: string, answered?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: () => {
      answered?.();
      toast.done(done);
    },
    onError: (error) => {
      if (error instanceof ApiError && error.status < 500) answered?.();
      toast.problem(sentence(error));
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["schedules"] }),
  });
}

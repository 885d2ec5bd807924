import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useReducer } from "react";
import { ApiError, sentence } from "@/api/numbers/errors";
import { remove, runNow, setPaused, type Schedule } from "@/api/queues/schedules";
import { newKey } from "@/lib/newKey";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { Act } from "@/ui/overlay/Act";
import { Ask } from "@/ui/overlay/Ask";
import { toast } from "@/ui/overlay/toast";
import { t } from "@/texts/en/schedules";

/**
 * The actions that the role allows: operators run, pause and resume; administrators also edit and delete stored
 * schedules.
 */
export function Actions({ schedule: { id, paused, declared } }: { schedule: Schedule }) {
  const { can } = useMe();
  const pause = useAct(
    (reason?: string) => setPaused(id, !paused, reason),
    paused ? t.resumedDone(id) : t.pausedDone(id),
  );
  const [key, renewKey] = useReducer(newKey, undefined, newKey);
  const run = useAct((reason?: string) => runNow(id, key, reason), t.runDone(id), renewKey);
  const removal = useAct((reason?: string) => remove(id, reason), t.deletedDone(id));
  if (!can.act) return null;
  const stored = can.administer && !declared;
  return (
    <div className="flex flex-wrap gap-1">
      <Ask
        label={t.runNowOf(id)}
        word={t.runNow}
        question={t.runQuestion}
        disabled={run.isPending}
        onYes={run.mutate}
      />
      {paused ? (
        <Act label={t.resumeOf(id)} word={t.resume} disabled={pause.isPending} onAct={pause.mutate} />
      ) : (
        <Ask
          label={t.pauseOf(id)}
          word={t.pause}
          question={t.pauseQuestion}
          disabled={pause.isPending}
          onYes={pause.mutate}
        />
      )}
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
        <Ask
          danger
          label={t.deleteOf(id)}
          word={t.delete}
          question={t.deleteQuestion}
          onYes={removal.mutate}
        />
      )}
    </div>
  );
}

/** `answered` is called when the result is known: not after a lost answer, and not after a 5xx. */
function useAct(act: (reason?: string) => Promise<unknown>, done: string, answered?: () => void) {
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

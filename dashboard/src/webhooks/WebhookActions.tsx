import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sentence } from "@/api/numbers/errors";
import {
  deleteWebhook,
  enableWebhook,
  rotateSecret,
  type NewSecret,
  type Webhook,
} from "@/api/queues/webhooks";
import { useNow } from "@/live/live";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { Act } from "@/ui/overlay/Act";
import { Ask } from "@/ui/overlay/Ask";
import { toast } from "@/ui/overlay/toast";
import { t } from "@/texts/en/webhooks";

/** The actions of administrators: edit, enable a disabled webhook or end its pause, rotate its secret, delete it. */
export function WebhookActions({
  webhook: { name, disabledAt, pausedUntil },
  onSecret,
}: {
  webhook: Webhook;
  onSecret: (secret: NewSecret) => void;
}) {
  const { can } = useMe();
  const now = useNow();
  const paused = pausedUntil !== null && pausedUntil > now;
  const word = disabledAt !== null ? t.enable : t.endPause;
  const label = disabledAt !== null ? t.enableOf(name) : t.endPauseOf(name);
  // A poll can show the new state before the answer comes; the text is that of the state at the click.
  const enable = useAct(
    async ({ done, reason }: { done: string; reason: string }) => {
      await enableWebhook(name, reason);
      return done;
    },
    (done) => toast.done(done),
  );
  const rotate = useAct((reason: string) => rotateSecret(name, reason), onSecret);
  const removal = useAct(
    (reason: string) => deleteWebhook(name, reason),
    () => toast.done(t.deletedDone(name)),
  );
  if (!can.administer) return null;
  return (
    <div className="flex flex-wrap gap-1">
      {(disabledAt !== null || paused) && (
        // On a phone, the other actions are in one row below it.
        <span className="flex max-sm:basis-full">
          <Act
            label={label}
            word={word}
            disabled={enable.isPending}
            onAct={(reason) =>
              enable.mutate({ done: disabledAt !== null ? t.enabledDone(name) : t.pauseEnded(name), reason })
            }
          />
        </span>
      )}
      <Link
        to="/webhooks"
        search={{ edit: name }}
        aria-label={t.editOf(name)}
        className={buttonClass("plain", "sm")}
      >
        {t.edit}
      </Link>
      <Ask label={t.rotateOf(name)} word={t.rotate} question={t.rotateQuestion} onYes={rotate.mutate} />
      <Ask
        danger
        label={t.deleteOf(name)}
        word={t.delete}
        question={t.deleteQuestion}
        onYes={removal.mutate}
      />
    </div>
  );
}

function useAct<T, Given = void>(act: (given: Given) => Promise<T>, done: (answer: T) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: done,
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ["webhooks"] }),
  });
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { sentence } from "@/api/numbers/errors";
import { setPaused } from "@/api/types";
import { Button } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { IconPause, IconPlay } from "@/ui/icons";
import { Popover } from "@/ui/overlay/Popover";
import { toast } from "@/ui/overlay/toast";
import { t } from "@/texts/en/queues";

/** Maximum number of characters that the API stores. */
const LONGEST_REASON = 200;

interface PauseButtonProps {
  type: string;
  /** The queue that the type shares with other types. */
  queue: string | null;
  paused: boolean;
}

/** Pause and resume a job type and the types that share its queue. A pause asks for confirmation; a resume does not. */
export function PauseButton({ type, queue, paused }: PauseButtonProps) {
  const name = queue === null ? type : t.queueNamed(queue);
  const client = useQueryClient();
  const set = useMutation({
    mutationFn: ({ next, reason }: { next: boolean; reason?: string }) => setPaused(type, next, reason),
    onSuccess: (_, { next }) => toast.done(next ? t.paused(name) : t.resumed(name)),
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () =>
      Promise.all([["metrics"], ["past-pauses"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
  if (paused) {
    return (
      <Button
        size="sm"
        tone="primary"
        icon={<IconPlay width={13} height={13} />}
        disabled={set.isPending}
        onClick={() => set.mutate({ next: false })}
      >
        {t.resume}
      </Button>
    );
  }
  return (
    <Popover
      label={t.pause(name)}
      trigger={
        <Button size="sm" icon={<IconPause width={13} height={13} />} disabled={set.isPending}>
          {t.pauseShort}
        </Button>
      }
    >
      {(close) => (
        <form
          className="flex flex-col items-start gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            const reason = new FormData(event.currentTarget).get("reason");
            close();
            set.mutate({ next: true, reason: typeof reason === "string" ? reason.trim() : "" });
          }}
        >
          <p className="text-sm">{t.newJobsAreAccepted}</p>
          {queue !== null && <p className="text-sm">{t.pausesTheQueue(queue)}</p>}
          <Field label={t.reason} hint={t.reasonHint} className="w-full">
            {(control) => (
              <input
                {...control}
                name="reason"
                className={inputClass}
                maxLength={LONGEST_REASON}
                autoComplete="off"
              />
            )}
          </Field>
          <Button type="submit" tone="danger">
            {t.pause(name)}
          </Button>
        </form>
      )}
    </Popover>
  );
}

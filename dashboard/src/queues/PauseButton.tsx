import { useMutation, useQueryClient } from "@tanstack/react-query";
import { sentence } from "@/api/numbers/errors";
import { setPaused } from "@/api/types";
import { Button } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { IconPause, IconPlay } from "@/ui/icons";
import { Popover } from "@/ui/overlay/Popover";
import { toast } from "@/ui/overlay/toast";
import { t } from "@/texts/en/queues";

/** Characters that the API keeps. */
const LONGEST_REASON = 200;

/** Pause and resume a job type. Pausing asks first; resuming does not. */
export function PauseButton({ type, paused }: { type: string; paused: boolean }) {
  const client = useQueryClient();
  const set = useMutation({
    mutationFn: ({ next, reason }: { next: boolean; reason?: string }) => setPaused(type, next, reason),
    onSuccess: (_, { next }) => toast.done(next ? t.paused(type) : t.resumed(type)),
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () =>
      Promise.all(
        [["metrics"], ["past-pauses", type]].map((queryKey) => client.invalidateQueries({ queryKey })),
      ),
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
      label={t.pause(type)}
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
            {t.pause(type)}
          </Button>
        </form>
      )}
    </Popover>
  );
}

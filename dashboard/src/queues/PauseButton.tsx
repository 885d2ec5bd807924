import { useMutation, useQueryClient } from "@tanstack/react-query";
import { sentence } from "@/api/errors";
import { setPaused } from "@/api/types";
import { Button } from "@/ui/Button";
import { IconPause, IconPlay } from "@/ui/icons";
import { Popover } from "@/ui/overlay/Popover";
import { toast } from "@/ui/overlay/toast";
import { t } from "@/texts/en/queues";

/** Pause and resume a job type. Pausing asks first; resuming does not. */
export function PauseButton({ type, paused }: { type: string; paused: boolean }) {
  const client = useQueryClient();
  const set = useMutation({
    mutationFn: (next: boolean) => setPaused(type, next),
    onSuccess: (_, next) => toast.done(next ? t.paused(type) : t.resumed(type)),
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ["metrics"] }),
  });
  if (paused) {
    return (
      <Button
        size="sm"
        tone="primary"
        icon={<IconPlay width={13} height={13} />}
        disabled={set.isPending}
        onClick={() => set.mutate(false)}
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
        <>
          <p className="mb-3 text-sm">{t.newJobsAreAccepted}</p>
          <Button
            tone="danger"
            onClick={() => {
              close();
              set.mutate(true);
            }}
          >
            {t.pause(type)}
          </Button>
        </>
      )}
    </Popover>
  );
}

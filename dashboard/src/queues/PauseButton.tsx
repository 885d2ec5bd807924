import { useMutation, useQueryClient } from "@tanstack/react-query";
import { sentence } from "@/api/errors";
import { setPaused } from "@/api/types";
import { Button } from "@/ui/Button";
import { IconPause, IconPlay } from "@/ui/icons";
import { Popover } from "@/ui/overlay/Popover";
import { toast } from "@/ui/overlay/toast";

/** Stops and starts the worker of a type. Pausing asks first; going on does not. */
export function PauseButton({ type, paused }: { type: string; paused: boolean }) {
  const client = useQueryClient();
  const set = useMutation({
    mutationFn: (next: boolean) => setPaused(type, next),
    onSuccess: (_, next) => toast.done(next ? `${type} is paused: its jobs wait.` : `${type} goes on.`),
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
        Go on
      </Button>
    );
  }
  return (
    <Popover
      label={`Pause ${type}`}
      trigger={
        <Button size="sm" icon={<IconPause width={13} height={13} />} disabled={set.isPending}>
          Pause
        </Button>
      }
    >
      {(close) => (
        <>
          <p className="mb-3 text-sm">
            Jobs of this type are still accepted, and wait until it goes on. Running ones finish.
          </p>
          <Button
            tone="danger"
            onClick={() => {
              close();
              set.mutate(true);
            }}
          >
            Pause {type}
          </Button>
        </>
      )}
    </Popover>
  );
}

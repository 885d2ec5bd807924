import { Button } from "@/ui/Button";
import { IconPause, IconPlay } from "@/ui/icons";
import { Act } from "@/ui/overlay/Act";
import { Popover } from "@/ui/overlay/Popover";
import { PauseForm, pausedName, usePause, type Pausable } from "./PauseForm";
import { t } from "@/texts/en/queues";

/** Pause and resume a job type and the types that share its queue. A pause asks for confirmation; a resume does not. */
export function PauseButton({ of, paused }: { of: Pausable; paused: boolean }) {
  const set = usePause();
  if (paused) {
    return (
      <Act
        word={t.resume}
        tone="primary"
        icon={<IconPlay width={13} height={13} />}
        disabled={set.isPending}
        onAct={(reason) => set.mutate({ of, next: false, reason })}
      />
    );
  }
  return (
    <Popover
      label={t.pause(pausedName(of))}
      trigger={
        <Button size="sm" icon={<IconPause width={13} height={13} />} disabled={set.isPending}>
          {t.pauseShort}
        </Button>
      }
    >
      {(close) => (
        <PauseForm
          of={of}
          onPause={(reason) => {
            close();
            set.mutate({ of, next: true, reason });
          }}
        />
      )}
    </Popover>
  );
}

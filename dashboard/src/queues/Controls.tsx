import { Link } from "@tanstack/react-router";
import type { TypeNumbers } from "@/api/numbers/metrics";
import type { JobType } from "@/api/types";
import { relative, spell } from "@/lib/time";
import { useNow } from "@/live/live";
import { When } from "@/live/When";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { IconPlus } from "@/ui/icons";
import { PauseButton } from "./PauseButton";
import { t } from "@/texts/en/queues";

interface ControlsProps {
  type: Pick<JobType, "type" | "retired" | "queue">;
  numbers: TypeNumbers | undefined;
}

/** Offer to pause or resume a type and to create one of its jobs, if the role and the type allow it. */
export function Controls({ type: of, numbers }: ControlsProps) {
  const { can } = useMe();
  const { type, retired } = of;
  return (
    <>
      {can.administer && numbers && <PauseButton of={of} paused={numbers.paused} />}
      {can.act && !retired && (
        <Link to="/create" search={{ type }} className={buttonClass("plain", "sm")}>
          <IconPlus width={13} height={13} /> {t.create}
        </Link>
      )}
    </>
  );
}

interface PausedNoteProps {
  numbers: TypeNumbers | undefined;
  queue: string | null;
}

/** Say since when the type is paused, by whom and why, and what the pause means. */
export function PausedNote({ numbers, queue }: PausedNoteProps) {
  const now = useNow();
  if (!numbers?.paused) return null;
  const { pause } = numbers;
  const probeAt = pause?.next_probe_at;
  return (
    <div className="flex items-start gap-2 border-t border-line px-4 py-2 text-sm" data-testid="paused">
      <span aria-hidden="true" className="hazard mt-1 h-3 w-8 shrink-0" />
      <p className="min-w-0 break-words">
        {pause && (
          <>
            <When at={pause.since}>
              {probeAt
                ? t.pausedByItself(relative(pause.since, now))
                : t.pausedBy(pause.by, relative(pause.since, now))}
            </When>
            <bdi>{pause.reason && `: ${pause.reason}`}</bdi>
            {probeAt && `; ${probe(Date.parse(probeAt), now)}`}
            {!probeAt && /[.!?]$/.test(pause.reason) ? " " : ". "}
          </>
        )}
        <span className="text-soft">{pause ? t.newJobsWait : t.pausedNewJobsAre}</span>
        {queue !== null && <span className="text-soft"> {t.pausesTheQueue(queue)}</span>}
      </p>
    </div>
  );
}

function probe(at: number, now: number): string {
  return at > now ? t.nextProbe(spell(at - now)) : t.probeIsDue;
}

export function RetiredNote({ retired }: { retired: boolean }) {
  if (!retired) return null;
  return (
    <p className="border-t border-line px-4 py-2 text-sm text-amber" data-testid="retired">
      {t.retired}
    </p>
  );
}

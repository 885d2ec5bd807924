import type { ComponentType, SVGProps } from "react";
import type { Batch } from "@/api/jobs/batches";
import { cx } from "@/lib/cx";
import { IconAlert, IconBan, IconCheck, IconClock, IconPlus, IconSpinner } from "@/ui/icons";
import { t } from "@/texts/en/batches";

export type State = keyof typeof t.state;

/** Return the state in the words of the console: a batch whose members were all cancelled is cancelled. */
export function stateOf({ state, newest }: Batch): State {
  const allCancelled = newest.done > 0 && newest.cancelled === newest.done;
  return state === "ended" && allCancelled ? "cancelled" : state;
}

const LOOK: Record<State, { tone: string; icon: ComponentType<SVGProps<SVGSVGElement>> }> = {
  open: { tone: "text-violet", icon: IconPlus },
  closing: { tone: "text-amber", icon: IconClock },
  running: { tone: "text-blue", icon: IconSpinner },
  ended: { tone: "text-green", icon: IconCheck },
  cancelled: { tone: "text-soft", icon: IconBan },
};

interface ChipProps {
  batch: Batch;
  /** The number of members that are failed now; null if some may be. */
  failed: number | null;
  size?: "sm" | "md";
}

/** Show the state with icon and word. A batch that has ended with failures is red; green says that there are none. */
export function BatchChip({ batch, failed, size = "sm" }: ChipProps) {
  const state = stateOf(batch);
  const ended = state === "ended";
  const bad = ended && (failed ?? batch.newest.failed) > 0;
  const unknown = ended && !bad && failed === null;
  const tone = bad ? "text-red" : unknown ? "text-soft" : LOOK[state].tone;
  const Icon = bad ? IconAlert : LOOK[state].icon;
  return (
    <span
      data-state={state}
      data-failed={bad ? "yes" : unknown ? "maybe" : "no"}
      title={unknown ? t.mayHaveFailed : t.meaning[state]}
      className={cx(
        "inline-flex items-center gap-1.5 whitespace-nowrap",
        tone,
        size === "sm" ? "text-xs" : "border border-current/40 px-2 py-0.5 text-sm font-medium",
      )}
    >
      <Icon width={13} height={13} className={cx("shrink-0", state === "running" && "spin")} />
      {t.state[state]}
    </span>
  );
}

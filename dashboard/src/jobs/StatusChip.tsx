import type { JobStatus } from "@/api/jobs/jobs";
import { cx } from "@/lib/cx";
import { useStore } from "@/lib/store";
import { IconSpinner } from "@/ui/icons";
import { changing } from "./changing";
import { STATUS } from "./status";
import { t } from "@/texts/en/jobs";

interface ChipProps {
  status: JobStatus;
  /** The id of the job: while it is being changed, the chip says so. */
  id?: string;
  /** The job had failed, and an operator discarded it. */
  discarded?: boolean;
  /** The job was cancelled because it had not begun in time. */
  expired?: boolean | undefined;
  size?: "sm" | "md";
}

const CHANGING = { icon: IconSpinner, tone: "text-soft" };

/** Show icon and word: never only the colour. */
export function StatusChip({ status, id, discarded, expired, size = "sm" }: ChipProps) {
  const action = useStore(changing).get(id ?? "");
  const look = action ? CHANGING : STATUS[status];
  const Icon = look.icon;
  const label = discarded ? t.discarded : expired ? t.expired : STATUS[status].label;
  const meaning = discarded ? t.discardedMeaning : expired ? t.expiredMeaning : STATUS[status].meaning;
  return (
    <span
      data-status={status}
      title={action ? t.changingMeaning : meaning}
      className={cx(
        "inline-flex items-center gap-1.5 whitespace-nowrap",
        look.tone,
        size === "sm" ? "text-xs" : "border border-current/40 px-2 py-0.5 text-sm font-medium",
      )}
    >
      <Icon width={13} height={13} className={cx("shrink-0", Icon === IconSpinner && "spin")} />
      {action ? t.changing[action] : label}
    </span>
  );
}

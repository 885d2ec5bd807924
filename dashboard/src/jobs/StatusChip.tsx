import type { JobStatus } from "@/api/jobs/jobs";
import { cx } from "@/lib/cx";
import { STATUS } from "./status";
import { t } from "@/texts/en/jobs";

interface ChipProps {
  status: JobStatus;
  /** The job had failed, and an operator discarded it. */
  discarded?: boolean;
  /** The job was cancelled because it had not begun in time. */
  expired?: boolean | undefined;
  size?: "sm" | "md";
}

/** Show icon and word: never only the colour. */
export function StatusChip({ status, discarded, expired, size = "sm" }: ChipProps) {
  const look = STATUS[status];
  const Icon = look.icon;
  return (
    <span
      data-status={status}
      title={discarded ? t.discardedMeaning : expired ? t.expiredMeaning : look.meaning}
      className={cx(
        "inline-flex items-center gap-1.5 whitespace-nowrap",
        look.tone,
        size === "sm" ? "text-xs" : "border border-current/40 px-2 py-0.5 text-sm font-medium",
      )}
    >
      <Icon width={13} height={13} className={cx("shrink-0", status === "processing" && "spin")} />
      {discarded ? t.discarded : expired ? t.expired : look.label}
    </span>
  );
}

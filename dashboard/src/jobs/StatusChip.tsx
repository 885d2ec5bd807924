import type { JobStatus } from "@/api/jobs";
import { cx } from "@/lib/cx";
import { STATUS } from "./status";

/** Icon and word: never the colour alone. */
export function StatusChip({ status, size = "sm" }: { status: JobStatus; size?: "sm" | "md" }) {
  const look = STATUS[status];
  const Icon = look.icon;
  return (
    <span
      data-status={status}
      title={look.meaning}
      className={cx(
        "inline-flex items-center gap-1.5 whitespace-nowrap",
        look.tone,
        size === "sm" ? "text-xs" : "border border-current/40 px-2 py-0.5 text-sm font-medium",
      )}
    >
      <Icon width={13} height={13} className={cx("shrink-0", status === "processing" && "spin")} />
      {look.label}
    </span>
  );
}

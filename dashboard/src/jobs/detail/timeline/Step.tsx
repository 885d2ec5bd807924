import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import { When } from "@/live/When";
import { t } from "@/texts/en/detail";

interface StepProps {
  icon: ReactNode;
  title: ReactNode;
  at?: number | null;
  about?: boolean;
  tone?: string;
  ghost?: boolean;
  children?: ReactNode;
}

/** Show one entry of the timeline: what happened, and when. */
export function Step({ icon, title, at, about, tone = "text-soft", ghost, children }: StepProps) {
  return (
    <li className="relative flex gap-3 pb-4 last:pb-0 [&:not(:last-child)]:before:absolute [&:not(:last-child)]:before:start-[11px] [&:not(:last-child)]:before:top-6 [&:not(:last-child)]:before:bottom-0 [&:not(:last-child)]:before:w-px [&:not(:last-child)]:before:bg-line">
      <span
        className={cx(
          "flex size-6 shrink-0 items-center justify-center border bg-panel",
          ghost ? "border-dashed border-strong text-faint" : "border-line",
          tone,
        )}
      >
        {icon}
      </span>
      <div className="min-w-0 flex-1 pt-0.5">
        <p className="flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
          <span className={cx("font-medium", ghost && "text-soft")}>{title}</span>
          {at != null && (
            <span className="nums text-xs text-soft">
              {about ? (
                <>
                  {t.before} <When at={at} />
                </>
              ) : (
                <When at={at} />
              )}
            </span>
          )}
        </p>
        {children && <div className="text-xs break-words text-soft">{children}</div>}
      </div>
    </li>
  );
}

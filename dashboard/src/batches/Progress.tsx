import type { BatchRound } from "@/api/jobs/batches";
import { cx } from "@/lib/cx";
import { t } from "@/texts/en/batches";

/** Show how many members of a round have ended, and how: completed, failed, cancelled. */
export function Progress({ round, className }: { round: BatchRound; className?: string }) {
  const { total, done, completed, failed, cancelled } = round;
  const whole = Math.max(1, total ?? done);
  const parts = [
    ["bg-red", failed],
    ["bg-green", completed],
    ["bg-strong", cancelled],
  ] as const;
  return (
    <div
      role="progressbar"
      aria-label={t.progress}
      aria-valuemin={0}
      aria-valuemax={whole}
      {...(total !== null && { "aria-valuenow": done })}
      aria-valuetext={t.progressOf(done, total)}
      className={cx("flex h-1.5 bg-line", className)}
    >
      {parts.map(
        ([color, n]) =>
          n > 0 &&
          total !== null && (
            <span
              key={color}
              className={cx("h-full min-w-0.5 transition-[width] duration-500", color)}
              style={{ width: `${(n / whole) * 100}%` }}
            />
          ),
      )}
    </div>
  );
}

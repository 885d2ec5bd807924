import type { TypeNumbers } from "@/api/numbers/metrics";
import { cx } from "@/lib/cx";
import { brief } from "@/lib/format";
import { count } from "@/texts/numbers";
import { spell } from "@/lib/time";
import { Skeleton } from "@/ui/states";
import { t } from "@/texts/en/queues";

interface DepthsProps {
  numbers: TypeNumbers | undefined;
  concurrency: number;
}

/** Show the backlog of a type and how many of its workers are in use. */
export function Depths({ numbers, concurrency }: DepthsProps) {
  const oldest = numbers?.oldestQueuedAgeS ?? null;
  // All counts of a card come from the table. The number of the queue would include delayed and hidden messages.
  const running = numbers?.byStatus.processing;
  const figures = [
    [t.queued, numbers && brief(numbers.byStatus.queued), ""],
    [
      t.oldest,
      numbers && (oldest === null ? "–" : spell(oldest * 1000)),
      oldest !== null && oldest > 60 ? "text-amber" : "",
    ],
    [t.retrying, numbers && brief(numbers.byStatus.retrying), numbers?.byStatus.retrying ? "text-amber" : ""],
    [t.running, numbers && brief(numbers.byStatus.processing), ""],
  ] as const;
  return (
    <div className="border-t border-line">
      <dl className="grid grid-cols-4">
        {figures.map(([name, value, tone]) => (
          <div
            key={name}
            className="min-w-0 border-e border-line px-2 py-2.5 first:ps-4 last:border-e-0 sm:px-4"
          >
            <dt className="truncate text-2xs text-soft sm:text-xs">{name}</dt>
            <dd className={cx("nums text-xl font-medium tracking-tight", tone)}>
              {value ?? <Skeleton className="my-1 h-5 w-10" />}
            </dd>
          </div>
        ))}
      </dl>
      <div className="flex items-center gap-3 border-t border-line px-4 py-2 text-xs text-soft">
        <div
          role="meter"
          aria-label={t.workersInUse}
          aria-valuenow={Math.min(running ?? 0, concurrency)}
          aria-valuetext={running === undefined ? t.unknown : undefined}
          aria-valuemin={0}
          aria-valuemax={concurrency}
          className="h-1.5 flex-1 bg-line"
        >
          <div
            className="h-full bg-blue"
            style={{ width: `${Math.min(100, ((running ?? 0) / concurrency) * 100)}%` }}
          />
        </div>
        <span className="nums">{t.ofWorkers(running === undefined ? "–" : count(running), concurrency)}</span>
      </div>
    </div>
  );
}

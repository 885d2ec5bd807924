import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JobStatus } from "@/api/jobs/jobs";
import { metrics, throughput, type Metrics } from "@/api/numbers/metrics";
import { cx } from "@/lib/cx";
import { brief, percent } from "@/lib/format";
import { count, decimal } from "@/texts/numbers";
import { spell } from "@/lib/time";
import { SERIES, STEADY, usePolling } from "@/live/live";
import { Skeleton } from "@/ui/states";
import { HOUR_SPAN, lastHour } from "@/jobs/ranges";
import { perMinute } from "@/jobs/rates";
import { STATUS } from "@/jobs/status";
import { t } from "@/texts/en/health";

/** Show the main numbers. If `beside` is true, charts are beside them, and the numbers use two rows. */
export function Figures({ beside }: { beside: boolean }) {
  const { data, isError } = useQuery({ ...metrics(), ...usePolling(STEADY) });
  return (
    <dl
      aria-label={t.numbers}
      className={cx(
        "grid grid-cols-3 overflow-hidden border border-line bg-panel",
        beside ? "md:max-lg:grid-cols-6" : "lg:grid-cols-6",
      )}
    >
      <Numbers data={data} failed={isError && !data} />
    </dl>
  );
}

function Numbers({ data, failed }: { data: Metrics | undefined; failed: boolean }) {
  const hour = useQuery({ ...throughput(undefined, HOUR_SPAN, lastHour), ...usePolling(SERIES) });
  const points = hour.data?.points;
  const sum = (key: "completed" | "failed" | "deadLettered") =>
    points?.reduce((total, point) => total + point[key], 0) ?? 0;
  const ended = sum("completed") + sum("failed") + sum("deadLettered");
  const ages = Object.values(data?.byType ?? {}).map((type) => type.oldestQueuedAgeS ?? 0);
  const oldest = Math.max(0, ...ages);
  const now = (value: (known: Metrics) => number) => (data ? brief(value(data)) : failed ? "–" : undefined);
  const past = (value: () => string) => (points ? value() : hour.isError ? "–" : undefined);
  return (
    <>
      <Figure
        name={t.queued}
        status="queued"
        value={now((known) => known.byStatus.queued)}
        note={oldest > 0 ? t.oldest(spell(oldest * 1000)) : ""}
      />
      <Figure
        name={t.running}
        status="processing"
        value={now((known) => known.byStatus.processing)}
        note=""
      />
      <Figure
        name={t.retrying}
        status="retrying"
        value={now((known) => known.byStatus.retrying)}
        note={t.inBackoff}
        tone={data?.byStatus.retrying ? "text-amber" : ""}
      />
      <Figure
        name={t.deadLetter}
        status="dead_letter"
        value={now((known) => known.byStatus.dead_letter)}
        note={data ? t.inTheDlq(brief(data.dlqLength)) : ""}
        tone={data?.byStatus.dead_letter ? "text-rose" : ""}
      />
      <Figure
        name={t.success}
        value={past(() => (ended ? percent(sum("completed") / ended) : "–"))}
        note={t.lastHourOf(count(ended))}
      />
      <Figure
        name={t.perMinuteName}
        value={past(() => decimal(perMinute(points ?? [], "completed"), 1))}
        note={t.completedNote}
      />
    </>
  );
}

function Figure({
  name,
  value,
  note,
  tone = "",
  status,
}: {
  name: string;
  value: string | undefined;
  note: string;
  tone?: string;
  /** A click shows the jobs with this status. */
  status?: JobStatus;
}) {
  return (
    <div className="relative -mb-px -me-px border-e border-b border-line px-2 py-1.5 sm:px-4 has-[a]:hover:bg-hover">
      <dt className="text-xs text-soft">{name}</dt>
      <dd className={cx("nums flow-root text-xl leading-7 font-medium tracking-tight", tone)}>
        {value ?? <Skeleton className="my-1 h-5 w-14" />}
        <span className="block min-h-4 text-2xs leading-4 sm:truncate font-normal tracking-normal text-faint">
          {value !== undefined && value !== "–" && note}
        </span>
        {status && (
          <Link
            to="/dashboard"
            search={{ status }}
            aria-label={t.viewJobs(STATUS[status].label)}
            className="absolute inset-0"
          />
        )}
      </dd>
    </div>
  );
}

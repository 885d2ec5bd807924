import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sentence } from "@/api/errors";
import type { JobStatus } from "@/api/jobs";
import { metrics, throughput, type Metrics } from "@/api/metrics";
import { cx } from "@/lib/cx";
import { brief, count, percent } from "@/lib/format";
import { short } from "@/lib/time";
import { usePolling } from "@/live/live";
import { Skeleton } from "@/ui/states";
import { judge, type Level } from "./health";
import { lastHour } from "@/jobs/ranges";
import { STATUS } from "@/jobs/status";

const TONE: Record<Level, string> = { good: "bg-green", busy: "bg-amber", warn: "bg-amber", bad: "bg-rose" };

/** Whether all is well, in one sentence and the few numbers that matter. */
export function HealthStrip() {
  const { data, error } = useQuery({ ...metrics(), ...usePolling() });
  const failed = error && !data ? `The numbers did not come: ${sentence(error)}` : null;
  const health = data ? judge(data) : null;
  return (
    <section aria-label="Health" className="border border-line bg-panel">
      <div className="flex min-h-14 items-center gap-3 px-4 py-3 max-sm:min-h-18">
        <span
          aria-hidden="true"
          className={cx(
            "size-2.5 shrink-0",
            health ? TONE[health.level] : "bg-strong",
            health?.level === "bad" && "pulse-dot",
          )}
        />
        <h1
          aria-live="polite"
          className="flex min-h-6 min-w-0 flex-1 items-center text-lg leading-6 font-semibold text-balance max-sm:min-h-12"
          data-testid="health"
        >
          {health?.sentence ?? failed ?? (
            <>
              <span className="sr-only">Asking whether all is well</span>
              <Skeleton className="h-5 w-64 max-w-full" />
            </>
          )}
        </h1>
      </div>
      <dl className="grid grid-cols-3 border-t border-line lg:grid-cols-6">
        <Numbers data={data} failed={failed !== null} />
      </dl>
    </section>
  );
}

function Numbers({ data, failed }: { data: Metrics | undefined; failed: boolean }) {
  const hour = useQuery({ ...throughput(undefined, "strip", lastHour), ...usePolling(15_000) });
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
        name="Waiting"
        status="queued"
        value={now((known) => known.byStatus.queued)}
        note={oldest > 0 ? `oldest ${short(oldest * 1000)}` : "none old"}
      />
      <Figure
        name="Running"
        status="processing"
        value={now((known) => known.byStatus.processing)}
        note="now"
      />
      <Figure
        name="Retrying"
        status="retrying"
        value={now((known) => known.byStatus.retrying)}
        note="after a pause"
        tone={data?.byStatus.retrying ? "text-amber" : ""}
      />
      <Figure
        name="Dead letter"
        status="dead_letter"
        value={now((known) => known.byStatus.dead_letter)}
        note={`${count(data?.dlqLength ?? 0)} in the queue`}
        tone={data?.byStatus.dead_letter ? "text-rose" : ""}
      />
      <Figure
        name="Success"
        value={past(() => (ended ? percent(sum("completed") / ended) : "–"))}
        note={`last hour, of ${count(ended)}`}
      />
      <Figure
        name="Per minute"
        value={past(() => (sum("completed") / 60).toFixed(1))}
        note="completed, last hour"
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
  /** Whose jobs it counts: one look away. */
  status?: JobStatus;
}) {
  return (
    <div className="relative -mb-px -me-px border-e border-b border-line px-3 py-2 sm:px-4 sm:py-2.5 has-[a]:hover:bg-hover">
      <dt className="text-xs text-soft">{name}</dt>
      <dd
        className={cx(
          "nums flow-root text-xl leading-7 sm:text-2xl sm:leading-8 font-medium tracking-tight",
          tone,
        )}
      >
        {value ?? <Skeleton className="my-1 h-5 w-14 sm:h-6" />}
        <span className="block min-h-4 text-2xs max-sm:min-h-8 leading-4 sm:truncate font-normal tracking-normal text-faint">
          {value !== undefined && value !== "–" && note}
        </span>
        {status && (
          <Link
            to="/dashboard"
            search={{ status }}
            aria-label={`See the jobs: ${STATUS[status].label}`}
            className="absolute inset-0"
          />
        )}
      </dd>
    </div>
  );
}

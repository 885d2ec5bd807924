import { useQuery } from "@tanstack/react-query";
import { metrics, throughput, type Metrics } from "@/api/metrics";
import { cx } from "@/lib/cx";
import { brief, count, percent } from "@/lib/format";
import { short } from "@/lib/time";
import { usePolling } from "@/live/live";
import { Skeleton } from "@/ui/states";
import { judge, type Level } from "./health";
import { lastHour } from "./ranges";

const TONE: Record<Level, string> = { good: "bg-green", busy: "bg-amber", warn: "bg-amber", bad: "bg-rose" };

/** Whether all is well, in one sentence and the few numbers that matter. */
export function HealthStrip() {
  const { data } = useQuery({ ...metrics(), ...usePolling() });
  const health = data ? judge(data) : null;
  return (
    <section aria-label="Health" className="border border-line bg-panel">
      <div className="flex min-h-14 items-center gap-3 px-4 py-3">
        <span
          aria-hidden="true"
          className={cx(
            "size-2.5 shrink-0",
            health ? TONE[health.level] : "bg-strong",
            health?.level === "bad" && "pulse-dot",
          )}
        />
        <h1 aria-live="polite" className="text-lg leading-6 font-semibold text-balance" data-testid="health">
          {health?.sentence ?? <Skeleton className="h-5 w-64" />}
        </h1>
      </div>
      <dl className="grid grid-cols-3 border-t border-line lg:grid-cols-6">
        <Numbers data={data} />
      </dl>
    </section>
  );
}

function Numbers({ data }: { data: Metrics | undefined }) {
  const hour = useQuery({ ...throughput(undefined, "strip", lastHour), ...usePolling(15_000) }).data?.points;
  const sum = (key: "completed" | "failed" | "deadLettered") =>
    hour?.reduce((total, point) => total + point[key], 0) ?? 0;
  const ended = sum("completed") + sum("failed") + sum("deadLettered");
  const ages = Object.values(data?.byType ?? {}).map((type) => type.oldestQueuedAgeS ?? 0);
  const oldest = Math.max(0, ...ages);
  return (
    <>
      <Figure
        name="Waiting"
        value={data && brief(data.byStatus.queued)}
        note={oldest > 0 ? `oldest ${short(oldest * 1000)}` : "none old"}
      />
      <Figure name="Running" value={data && brief(data.byStatus.processing)} note="now" />
      <Figure
        name="Retrying"
        value={data && brief(data.byStatus.retrying)}
        note="after a pause"
        tone={data?.byStatus.retrying ? "text-amber" : ""}
      />
      <Figure
        name="Dead letter"
        value={data && brief(data.byStatus.dead_letter)}
        note={`${count(data?.dlqLength ?? 0)} in the queue`}
        tone={data?.byStatus.dead_letter ? "text-rose" : ""}
      />
      <Figure
        name="Success"
        value={hour && (ended ? percent(sum("completed") / ended) : "–")}
        note={`last hour, of ${count(ended)}`}
      />
      <Figure
        name="A minute"
        value={hour && (sum("completed") / 60).toFixed(1)}
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
}: {
  name: string;
  value: string | undefined;
  note: string;
  tone?: string;
}) {
  return (
    <div className="-mb-px -me-px border-e border-b border-line px-3 py-2 sm:px-4 sm:py-2.5">
      <dt className="text-xs text-soft">{name}</dt>
      <dd className={cx("nums text-xl leading-7 sm:text-2xl sm:leading-8 font-medium tracking-tight", tone)}>
        {value ?? <Skeleton className="my-1 h-6 w-14" />}
        <span className="block text-2xs leading-4 sm:truncate font-normal tracking-normal text-faint">
          {note}
        </span>
      </dd>
    </div>
  );
}

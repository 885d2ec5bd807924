import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { depth, latency, throughput, type LatencyPoint } from "@/api/numbers/metrics";
import { oldestWait } from "@/api/numbers/oldest";
import { runSpread, type SpreadPoint } from "@/api/numbers/spread";
import { absence, ChartCard } from "@/charts/ChartCard";
import { HeatCard } from "@/charts/HeatCard";
import type { Line } from "@/charts/TimeChart";
import { chartRange, SPAN_NAMES, spanFor } from "@/jobs/ranges";
import type { ChartSpan } from "@/jobs/search";
import { count } from "@/texts/numbers";
import { duration } from "@/lib/time";
import { useDeploys } from "@/jobs/useDeploys";
import { SERIES, usePolling } from "@/live/live";
import { useZone } from "@/session/prefs";
import { Segments } from "@/ui/Field";
import { t as words } from "@/texts/en/charts";
import { t } from "@/texts/en/queues";

const NO_POINTS: SpreadPoint[] = [];
const whole = (value: number) => count(Math.round(value));

/**
 * Show the unfinished jobs, the rates in and out, and the durations of a type; a time range that is selected on a chart
 * shows its jobs.
 */
export default function TypeCharts({ type }: { type: string }) {
  const span = spanFor(useSearch({ from: "/queues/$queue" }));
  const navigate = useNavigate({ from: "/queues/$queue" });
  const zone = useZone();
  const range = () => chartRange(span);
  const left = useQuery({ ...depth(type, span, range), ...usePolling(SERIES) });
  const oldest = useQuery({ ...oldestWait(type, span, range), ...usePolling(SERIES) });
  const flow = useQuery({ ...throughput(type, span, range), ...usePolling(SERIES) });
  const wait = useQuery({ ...latency("wait", type, span, range), ...usePolling(SERIES) });
  const run = useQuery({ ...latency("run", type, span, range), ...usePolling(SERIES) });
  const sizes = useQuery({ ...runSpread(type, span, range), ...usePolling(SERIES) });
  const deploys = useDeploys();
  const points = flow.data?.points ?? [];
  const common = {
    step: chartRange(span).step * 1000,
    zone,
    deploys,
    onBrush: (from: number, to: number) => void navigate({ to: "/dashboard", search: { type, from, to } }),
  };
  const choose = (next: ChartSpan) =>
    void navigate({ search: { span: next }, replace: true, resetScroll: false });
  return (
    <div className="grid gap-3 md:grid-cols-2">
      <ChartCard
        {...common}
        title={t.unfinishedJobs}
        nameDeploys
        kind="lines"
        times={left.data?.map((point) => point.t) ?? []}
        lines={[
          { label: t.unfinished, color: "--blue", values: left.data?.map((point) => point.depth) ?? [] },
        ]}
        unit={whole}
        summary={newest(whole)}
        missing={absence(left)}
        actions={<Segments label={t.timeShown} value={span} options={SPAN_NAMES} onChange={choose} />}
      />
      <ChartCard
        {...common}
        title={t.oldestJob}
        kind="lines"
        log
        times={oldest.data?.map((point) => point.t) ?? []}
        lines={[
          { label: t.longestWait, color: "--amber", values: oldest.data?.map((point) => point.age) ?? [] },
        ]}
        unit={duration}
        summary={newest(duration)}
        missing={absence(oldest)}
      />
      <ChartCard
        {...common}
        title={t.inAndOut}
        kind="lines"
        times={points.map((point) => point.t)}
        lines={[
          { label: t.created, color: "--blue", values: points.map((point) => point.created) },
          {
            label: t.finished,
            color: "--green",
            values: points.map((point) => point.completed + point.failed + point.deadLettered),
          },
        ]}
        unit={whole}
        summary={total}
        missing={absence(flow)}
      />
      <ChartCard
        {...common}
        {...times(wait.data?.points)}
        title={t.queueWait}
        kind="lines"
        log
        unit={duration}
        summary={newest(duration)}
        missing={absence(wait)}
      />
      <ChartCard
        {...common}
        {...times(run.data?.points)}
        title={t.runTime}
        kind="lines"
        log
        unit={duration}
        summary={newest(duration)}
        missing={absence(run)}
      />
      <HeatCard
        {...common}
        title={words.runsBySize}
        points={sizes.data ?? NO_POINTS}
        missing={absence(sizes)}
      />
    </div>
  );
}

function times(points: LatencyPoint[] = []) {
  const lines: Line[] = [
    { label: "p50", color: "--blue", values: points.map((point) => point.p50) },
    { label: "p95", color: "--violet", values: points.map((point) => point.p95) },
    { label: "p99", color: "--grey", values: points.map((point) => point.p99) },
  ];
  return { times: points.map((point) => point.t), lines };
}

function total({ values }: Line): string {
  return count(values.reduce<number>((sum, value) => sum + (value ?? 0), 0));
}

function newest(unit: (value: number) => string) {
  return ({ values }: Line) => {
    const last = values.findLast((value) => value !== null);
    return last == null ? "–" : unit(last);
  };
}

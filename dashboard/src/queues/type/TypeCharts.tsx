import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import {
  depth,
  latency,
  throughput,
  type LatencyPoint,
  type Range,
  type ThroughputPoint,
} from "@/api/numbers/metrics";
import { oldestWait } from "@/api/numbers/oldest";
import { runSpread, type SpreadPoint } from "@/api/numbers/spread";
import { absence } from "@/charts/absence";
import { ChartCard } from "@/charts/ChartCard";
import { HeatCard } from "@/charts/HeatCard";
import type { Line } from "@/charts/TimeChart";
import { backTo, chartRange, earlier, SPAN_NAMES, spanFor } from "@/jobs/ranges";
import type { ChartSpan } from "@/jobs/search";
import { count } from "@/texts/numbers";
import { DAY, duration } from "@/lib/time";
import { useDeploys } from "@/jobs/useDeploys";
import { SERIES, usePolling } from "@/live/live";
import { useZone } from "@/session/prefs";
import { Segments } from "@/ui/Field";
import { t as words } from "@/texts/en/charts";
import { t } from "@/texts/en/queues";

const NO_POINTS: SpreadPoint[] = [];
const whole = (value: number) => count(Math.round(value));

/**
 * Show the unfinished jobs, the rates in and out, and the durations of a type, on request with those of the day or the
 * week before; a time range that is selected on a chart shows its jobs.
 */
export default function TypeCharts({ type }: { type: string }) {
  const search = useSearch({ from: "/queues/$queue" });
  const span = spanFor(search);
  const comparing = search.compare === "before";
  const navigate = useNavigate({ from: "/queues/$queue" });
  const zone = useZone();
  const now = useSeries(type, span, () => chartRange(span), true);
  const back = backTo(span);
  const before = useSeries(type, span + BEFORE, () => chartRange(span, Date.now() - back), comparing);
  const sizes = useQuery({
    ...runSpread(type, span, () => chartRange(span)),
    ...usePolling(SERIES),
  });
  const deploys = useDeploys();
  const points = now.flow.data?.points ?? [];
  const label = back > DAY ? t.lastWeek : t.yesterday;
  /** Return the line of the earlier period, or why it is not there; none unless it is asked for. */
  const old = <Point extends { t: number }>(
    name: string,
    at: readonly { t: number }[],
    query: { data: unknown; error: Error | null },
    past: readonly Point[] | undefined,
    value: (point: Point) => number | null,
  ): Line[] =>
    comparing
      ? [
          {
            label: `${name}, ${label}`,
            color: "--text",
            earlier: true,
            missing: absence(query),
            values: earlier(
              at.map((point) => point.t),
              past ?? [],
              back,
              value,
            ),
          },
        ]
      : [];
  const common = {
    step: chartRange(span).step * 1000,
    zone,
    deploys,
    onBrush: (from: number, to: number) => void navigate({ to: "/dashboard", search: { type, from, to } }),
  };
  const choose = (next: ChartSpan) =>
    void navigate({ search: (known) => ({ ...known, span: next }), replace: true, resetScroll: false });
  const compare = () =>
    void navigate({
      search: ({ compare: _, ...known }) => (comparing ? known : { ...known, compare: "before" as const }),
      replace: true,
      resetScroll: false,
    });
  return (
    <div className="grid gap-3 md:grid-cols-2">
      <ChartCard
        {...common}
        title={t.unfinishedJobs}
        nameDeploys
        kind="lines"
        times={now.left.data?.map((point) => point.t) ?? []}
        lines={[
          {
            label: t.unfinished,
            color: "--blue",
            values: now.left.data?.map((point) => point.depth) ?? [],
          },
          ...old(t.unfinished, now.left.data ?? [], before.left, before.left.data, (point) => point.depth),
        ]}
        unit={whole}
        summary={newest(whole)}
        missing={absence(now.left)}
        actions={<Segments label={t.timeShown} value={span} options={SPAN_NAMES} onChange={choose} />}
      />
      <ChartCard
        {...common}
        title={t.oldestJob}
        kind="lines"
        log
        times={now.oldest.data?.map((point) => point.t) ?? []}
        lines={[
          {
            label: t.longestWait,
            color: "--amber",
            values: now.oldest.data?.map((point) => point.age) ?? [],
          },
          ...old(
            t.longestWait,
            now.oldest.data ?? [],
            before.oldest,
            before.oldest.data,
            (point) => point.age,
          ),
        ]}
        unit={duration}
        summary={newest(duration)}
        missing={absence(now.oldest)}
        actions={
          <button
            type="button"
            aria-pressed={comparing}
            onClick={compare}
            className="h-7 border border-line px-2.5 text-xs text-soft hover:bg-hover hover:text-text aria-pressed:bg-text aria-pressed:text-bg"
          >
            {t.compareWith(label)}
          </button>
        }
      />
      <ChartCard
        {...common}
        title={t.inAndOut}
        kind="lines"
        times={points.map((point) => point.t)}
        lines={[
          { label: t.created, color: "--blue", values: points.map((point) => point.created) },
          { label: t.finished, color: "--green", values: points.map(ended) },
          ...old(t.finished, points, before.flow, before.flow.data?.points, ended),
        ]}
        unit={whole}
        summary={total}
        missing={absence(now.flow)}
      />
      <ChartCard
        {...common}
        {...times(
          now.wait.data?.points,
          old(
            "p95",
            now.wait.data?.points ?? [],
            before.wait,
            before.wait.data?.points,
            (point) => point.p95,
          ),
        )}
        title={t.queueWait}
        kind="lines"
        log
        unit={duration}
        summary={newest(duration)}
        missing={absence(now.wait)}
      />
      <ChartCard
        {...common}
        {...times(
          now.run.data?.points,
          old("p95", now.run.data?.points ?? [], before.run, before.run.data?.points, (point) => point.p95),
        )}
        title={t.runTime}
        kind="lines"
        log
        unit={duration}
        summary={newest(duration)}
        missing={absence(now.run)}
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

const BEFORE = " before";
/** What has happened does not change; only the period moves. */
const PAST = { atLeast: 60_000, calm: 60_000 };

const ended = (point: ThroughputPoint) => point.completed + point.failed + point.deadLettered;

/** Load the series of a type for one period; `span` is its name in the cache. */
function useSeries(type: string, span: string, range: () => Range, enabled: boolean) {
  const polling = { ...usePolling(span.endsWith(BEFORE) ? PAST : SERIES, enabled), enabled };
  return {
    left: useQuery({ ...depth(type, span, range), ...polling }),
    oldest: useQuery({ ...oldestWait(type, span, range), ...polling }),
    flow: useQuery({ ...throughput(type, span, range), ...polling }),
    wait: useQuery({ ...latency("wait", type, span, range), ...polling }),
    run: useQuery({ ...latency("run", type, span, range), ...polling }),
  };
}

function times(points: LatencyPoint[] = [], old: Line[] = []) {
  const lines: Line[] = [
    { label: "p50", color: "--blue", values: points.map((point) => point.p50) },
    { label: "p95", color: "--violet", values: points.map((point) => point.p95) },
    { label: "p99", color: "--grey", values: points.map((point) => point.p99) },
    ...old,
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

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { latency, throughput } from "@/api/numbers/metrics";
import { absence } from "@/charts/absence";
import { ChartCard } from "@/charts/ChartCard";
import type { Line } from "@/charts/TimeChart";
import { count } from "@/texts/numbers";
import { duration } from "@/lib/time";
import { useDeploys } from "@/jobs/useDeploys";
import { SERIES, usePolling } from "@/live/live";
import { useZone } from "@/session/prefs";
import { Segments } from "@/ui/Field";
import { chartRange, SPAN_NAMES, spanFor } from "@/jobs/ranges";
import type { ChartSpan, JobsSearch } from "@/jobs/search";
import { t } from "@/texts/en/list";

/** Show throughput and latency; a time range that is selected on either chart filters the table. */
export default function JobCharts({ search, onBrush }: { search: JobsSearch; onBrush: () => void }) {
  const span = spanFor(search);
  const zone = useZone();
  const navigate = useNavigate({ from: "/dashboard" });
  const brush = (from: number, to: number) => {
    onBrush();
    void navigate({
      search: ({ range: _, ...now }) => ({ ...now, from, to, span }),
      replace: true,
      resetScroll: false,
    });
  };
  const setSpan = (next: ChartSpan) =>
    void navigate({ search: (now) => ({ ...now, span: next }), replace: true, resetScroll: false });
  const range = () => chartRange(span);
  const flow = useQuery({ ...throughput(search.type, span, range), ...usePolling(SERIES) });
  const run = useQuery({ ...latency("run", search.type, span, range), ...usePolling(SERIES) });
  const wait = useQuery({ ...latency("wait", search.type, span, range), ...usePolling(SERIES) });
  const deploys = useDeploys();
  const picked =
    search.from === undefined
      ? undefined
      : ([search.from, search.to ?? flow.data?.range.to ?? search.from] as const);
  const points = flow.data?.points ?? [];
  const step = chartRange(span).step * 1000;
  const column = (
    label: string,
    color: string,
    key: "completed" | "failed" | "deadLettered" | "retried" | "deferred",
  ): Line => ({
    label,
    color,
    values: points.map((point) => point[key]),
  });
  const sum = (line: Line) => count(line.values.reduce<number>((total, value) => total + (value ?? 0), 0));
  const times = run.data?.points ?? [];
  return (
    <div className="grid gap-3 md:grid-cols-2">
      <ChartCard
        title={t.throughput}
        nameDeploys
        deploys={deploys}
        kind="stacked"
        times={points.map((point) => point.t)}
        step={step}
        zone={zone}
        unit={(value) => count(Math.round(value * 10) / 10)}
        summary={sum}
        onBrush={brush}
        picked={picked}
        missing={absence(flow)}
        lines={[
          column(t.completed, "--green", "completed"),
          column(t.retried, "--amber", "retried"),
          ...(points.some(({ deferred }) => deferred > 0) ? [column(t.deferred, "--grey", "deferred")] : []),
          column(t.failed, "--red", "failed"),
          column(t.deadLetter, "--rose", "deadLettered"),
        ]}
        actions={<Segments label={t.timeShown} value={span} options={SPAN_NAMES} onChange={setSpan} />}
      />
      <ChartCard
        title={t.latency}
        deploys={deploys}
        kind="lines"
        log
        times={times.map((point) => point.t)}
        step={step}
        zone={zone}
        unit={duration}
        summary={(line) => {
          const last = line.values.findLast((value) => value !== null);
          return last == null ? "–" : duration(last);
        }}
        onBrush={brush}
        picked={picked}
        missing={absence(run)}
        lines={[
          { label: t.runP50, color: "--blue", values: times.map((point) => point.p50) },
          { label: t.runP95, color: "--violet", values: times.map((point) => point.p95) },
          {
            label: t.waitP95,
            color: "--grey",
            values: times.map((_, at) => wait.data?.points[at]?.p95 ?? null),
          },
        ]}
      />
    </div>
  );
}

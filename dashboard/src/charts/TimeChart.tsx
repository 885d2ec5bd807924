import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { DAY, dayMonth, hourMinute, type Zone } from "@/lib/time";
import { useLatest } from "@/lib/useLatest";
import type { Deploy } from "@/api/numbers/metrics";
import type { SpreadPoint } from "@/api/numbers/spread";
import { cells, flags, hatch, shade, type Stretch } from "./drawing";
import { axisWidth, bounds, inCorner, LEAST, lonely, markNames, marks } from "./values";
import { usePainted } from "@/session/prefs";

export interface Line {
  label: string;
  /** The name of a CSS variable. */
  color: string;
  values: (number | null)[];
  /** Draw it dashed: it is from an earlier period. */
  earlier?: boolean;
  /** The reason why it has no values yet; the legend says it. */
  missing?: string | undefined;
}

interface TimeChartProps {
  /** Times in milliseconds, ascending, evenly spaced. */
  times: number[];
  step: number;
  lines: Line[];
  /**
   * A heatmap draws `cells`. Its lines are the lowest and the highest edges: they only set the axis, and are not drawn.
   */
  kind: "stacked" | "lines" | "heat";
  cells?: SpreadPoint[] | undefined;
  deploys?: readonly Deploy[] | undefined;
  /** Use a logarithmic axis: on a linear axis, the slowest duration would make all others flat. */
  log?: boolean | undefined;
  zone: Zone;
  /**
   * Called with the index of the time under the pointer and its position in pixels from the left, with the axis; null
   * when there is none.
   */
  onPoint: (index: number | null, left: number) => void;
  onBrush?: ((from: number, to: number) => void) | undefined;
  unit: (value: number) => string;
  /** The time range of the table's filter, in milliseconds. */
  picked?: Stretch | undefined;
}

/** Pixels; the style below has the same number. */
const HEIGHT = 88;
/** Pixels between the names of the left axis and the plot. */
const GAP = 6;

/** Pixels to the right of the plot, and of the name of a day. */
const END = 20;
const NAME = 48;

/** Seconds between the marks of a chart of days. */
const DAYS = [1, 2, 3, 4, 5, 7, 10, 14, 28].map((days) => (days * DAY) / 1000);

/** A bar of a whole day has no hours, and its name begins where it begins. */
const WHOLE_DAYS: uPlot.Axis = {
  incrs: DAYS,
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- an ambient enum has no value here
  align: 1,
};

/** Draw a chart over time on a canvas. The component that shows the chart also shows its content as text. */
export function TimeChart(props: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useLatest(props);
  const painted = usePainted();
  const { kind, zone, times, lines } = props;
  const [from, to] = props.picked ?? [];
  const shape = lines.map((line) => line.label).join();

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot(options(latest, element.clientWidth), data(latest.current), element);
    plot.current = made;
    made.over.addEventListener("click", () => pick(made, latest.current));
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [kind, zone, shape, painted, latest]);

  useEffect(() => plot.current?.setData(data(latest.current)), [times, lines, latest]);
  const flagged = props.deploys?.map(({ at }) => at).join();
  useEffect(() => plot.current?.redraw(false), [from, to, flagged]);
  return <div ref={box} aria-hidden="true" className="h-[88px] w-full overflow-hidden" />;
}

/** Durations on a logarithmic axis: on a linear axis, one slow minute would make all others flat. */
const LOG: uPlot.Scale = {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- an ambient enum has no value here
  distr: 3,
  range: (_, low, high) => bounds(low, high),
};

/** Stacked bars are drawn as sums, the largest first: each smaller sum is drawn over the larger ones. */
function data({ times, lines, kind, log }: TimeChartProps): uPlot.AlignedData {
  const seconds = times.map((time) => time / 1000);
  const shown = (value: number | null) => (log && value !== null ? Math.max(value, LEAST) : value);
  if (kind !== "stacked") return [seconds, ...lines.map((line) => line.values.map(shown))];
  const sums = lines.map((_, at) =>
    times.map((_, i) =>
      lines.slice(0, lines.length - at).reduce((sum, line) => sum + (line.values[i] ?? 0), 0),
    ),
  );
  return [seconds, ...sums];
}

function options(latest: { current: TimeChartProps }, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const css = (name: string) => style.getPropertyValue(name).trim();
  const { kind, lines, zone, unit, log, step } = latest.current;
  const inOrder = kind === "stacked" ? [...lines].reverse() : lines;
  const axis = {
    stroke: css("--faint"),
    font: `11px ${css("--font-mono") || "monospace"}`,
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    // else the marks would be at the midnights of the browser's zone
    ...(zone === "utc" && { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") }),
    // Space for half a label at the end of the axis.
    padding: [8, END, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: latest.current.onBrush !== undefined, y: false, setScale: false },
    },
    scales: {
      x: {
        time: true,
        range: (_, low, high) => [low, high + (kind === "lines" ? 0 : latest.current.step / 1000)],
      },
      y: log ? LOG : { range: (_, __, high) => [0, Math.max(high || 0, 1) * 1.1] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 4,
        space: 70,
        grid: { show: false },
        ...(step >= DAY && WHOLE_DAYS),
        values: ({ over, scales }, ticks) => {
          const { min = 0, max = 0 } = scales.x ?? {};
          const room = over.clientWidth || width;
          const hidden = (t: number) =>
            step >= DAY ? ((max - t) / (max - min)) * room + END < NAME : inCorner(t, min, max, room);
          return ticks.map((t) => (hidden(t) ? "" : tick(t * 1000, zone)));
        },
      },
      {
        ...axis,
        size: (_, names: string[] | null) => axisWidth(names ?? [], GAP),
        gap: GAP,
        space: 28,
        grid: { stroke: css("--line"), width: 1 },
        // uPlot would omit ticks of a logarithmic axis; there are already few of them.
        ...(log && { splits: (_, __, low, high) => marks(low, high), filter: (_, splits) => splits }),
        values: (_, ticks) => (log ? markNames(ticks) : ticks.map((t) => unit(t))),
      },
    ],
    series: [
      {},
      ...inOrder.map((line): uPlot.Series => {
        const color = css(line.color);
        const common = { label: line.label, points: { show: false } };
        if (kind === "heat") return { ...common, paths: () => null };
        if (kind === "lines")
          return {
            ...common,
            stroke: color,
            width: line.earlier ? 1 : 1.5,
            ...(line.earlier && { dash: [4, 3] }),
            points: { ...DOT, fill: color },
          };
        const paths = uPlot.paths.bars?.({ size: [0.8, step >= DAY ? 128 : 24, 1], align: 1 });
        return { ...common, fill: color, width: 0, ...(paths && { paths }) };
      }),
    ],
    hooks: {
      setCursor: [(self) => at(self, latest.current)],
      draw: [(self) => finish(self, latest.current, css)],
      setSelect: [(self) => brush(self, latest.current)],
      drawClear: [
        (self) => latest.current.picked && shade(self, latest.current.picked, css("--accent-wash")),
      ],
    },
  };
}

function at({ cursor, over }: uPlot, { onPoint }: TimeChartProps): void {
  onPoint(cursor.idx ?? null, over.offsetLeft + (cursor.left ?? 0));
}

/** Draw what uPlot cannot draw: the cells of a heatmap, the unfinished step, the deployments. */
function finish(self: uPlot, shown: TimeChartProps, css: (name: string) => string): void {
  const { kind, times, step, deploys } = shown;
  if (kind === "heat") cells(self, shown.cells ?? [], step, css("--blue"));
  if (kind === "stacked") hatch(self, times, step, css("--panel"));
  if (deploys?.length) flags(self, deploys, css("--accent-text"));
}

const DOT: uPlot.Series.Points = {
  show: true,
  size: 4,
  width: 0,
  filter: (self, series) => lonely(self.data[series] ?? []),
};

function tick(at: number, zone: Zone): string {
  const text = hourMinute(at, zone);
  return text === "00:00" ? dayMonth(at, zone) : text;
}

/** Filter by the step that was clicked. */
function pick(self: uPlot, { times, step, onBrush }: TimeChartProps): void {
  const from = times[self.cursor.idx ?? -1];
  if (from !== undefined) onBrush?.(from, from + step);
}

const LEAST_PX = 6;

function brush(self: uPlot, { onBrush, step }: TimeChartProps): void {
  const { left, width } = self.select;
  if (width < LEAST_PX || !onBrush) return;
  const whole = (x: number, round: (n: number) => number) =>
    round((self.posToVal(x, "x") * 1000) / step) * step;
  onBrush(whole(left, Math.floor), whole(left + width, Math.ceil));
  self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

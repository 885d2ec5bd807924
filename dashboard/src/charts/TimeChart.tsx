import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { dayMonth, hourMinute, type Zone } from "@/lib/time";
import { useLatest } from "@/lib/useLatest";
import { usePainted } from "@/session/prefs";

export interface Line {
  label: string;
  /** The name of a CSS variable. */
  color: string;
  values: (number | null)[];
}

interface TimeChartProps {
  /** Milliseconds, ascending, evenly spaced. */
  times: number[];
  step: number;
  lines: Line[];
  kind: "stacked" | "lines";
  zone: Zone;
  /** Above the plot: what the cursor points at, or null. */
  onPoint: (index: number | null) => void;
  onBrush?: ((from: number, to: number) => void) | undefined;
  unit: (value: number) => string;
  /** The stretch that the table is narrowed to, in milliseconds. */
  picked?: Stretch | undefined;
}
export type Stretch = readonly [from: number, to: number];

const HEIGHT = 132;

/** A chart over time on a canvas. It is only the picture: whoever shows it says the same in words. */
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
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [kind, zone, shape, painted, latest]);

  useEffect(() => plot.current?.setData(data(latest.current)), [times, lines, latest]);
  useEffect(() => plot.current?.redraw(false), [from, to]);
  return <div ref={box} aria-hidden="true" className="h-[132px] w-full overflow-hidden" />;
}

/** Bars are stacked by drawing the sums, the largest first, each over the one before. */
function data({ times, lines, kind }: TimeChartProps): uPlot.AlignedData {
  const seconds = times.map((time) => time / 1000);
  if (kind === "lines") return [seconds, ...lines.map((line) => line.values)];
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
  const { kind, lines, zone, unit } = latest.current;
  const inOrder = kind === "stacked" ? [...lines].reverse() : lines;
  const axis = {
    stroke: css("--faint"),
    font: `11px ${css("--font-mono") || "monospace"}`,
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    // Room for half a label at the end of the axis.
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: latest.current.onBrush !== undefined, y: false, setScale: false },
    },
    scales: {
      x: {
        time: true,
        range: (_, low, high) => [low, high + (kind === "stacked" ? latest.current.step / 1000 : 0)],
      },
      y: { range: (_, __, high) => [0, Math.max(high || 0, 1) * 1.1] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 4,
        space: 70,
        grid: { show: false },
        values: (_, ticks) => ticks.map((t) => tick(t * 1000, zone)),
      },
      {
        ...axis,
        size: 48,
        gap: 6,
        space: 36,
        grid: { stroke: css("--line"), width: 1 },
        values: (_, ticks) => ticks.map((t) => unit(t)),
      },
    ],
    series: [
      {},
      ...inOrder.map((line): uPlot.Series => {
        const color = css(line.color);
        const common = { label: line.label, points: { show: false } };
        if (kind === "lines")
          return { ...common, stroke: color, width: 1.5, points: { ...DOT, fill: color } };
        const paths = uPlot.paths.bars?.({ size: [0.8, 24, 1], align: 1 });
        return { ...common, fill: color, width: 0, ...(paths && { paths }) };
      }),
    ],
    hooks: {
      setCursor: [(self) => latest.current.onPoint(self.cursor.idx ?? null)],
      setSelect: [(self) => brush(self, latest.current)],
      drawClear: [
        (self) => latest.current.picked && shade(self, latest.current.picked, css("--accent-wash")),
      ],
    },
  };
}

/** A value with none on either side makes no line: it is shown as a dot. */
const DOT: uPlot.Series.Points = {
  show: true,
  size: 4,
  width: 0,
  filter: (self, series) => lonely(self.data[series] ?? []),
};

export function lonely(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values).flatMap((value, at, all) =>
    value != null && all[at - 1] == null && all[at + 1] == null ? [at] : [],
  );
}

function tick(at: number, zone: Zone): string {
  const text = hourMinute(at, zone);
  return text === "00:00" ? dayMonth(at, zone) : text;
}

/** Behind the lines, in the canvas's own pixels. */
function shade(self: uPlot, [from, to]: Stretch, color: string): void {
  const { left, top, width, height } = self.bbox;
  const place = (at: number) => Math.min(left + width, Math.max(left, self.valToPos(at / 1000, "x", true)));
  self.ctx.fillStyle = color;
  self.ctx.fillRect(place(from), top, place(to) - place(from), height);
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

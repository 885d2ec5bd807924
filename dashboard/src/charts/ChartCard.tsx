import { useId, useState, type ReactNode } from "react";
import { sentence } from "@/api/errors";
import { stamp, type Zone } from "@/lib/time";
import { cx } from "@/lib/cx";
import type { Stretch } from "./drawing";
import { TimeChart, type Line } from "./TimeChart";
import { t } from "@/texts/en/base";

interface ChartCardProps {
  title: string;
  times: number[];
  step: number;
  lines: Line[];
  kind: "stacked" | "lines";
  log?: boolean;
  zone: Zone;
  unit: (value: number) => string;
  /** Return what the legend says of a series while nothing is pointed at. */
  summary: (line: Line) => string;
  onBrush?: ((from: number, to: number) => void) | undefined;
  picked?: Stretch | undefined;
  /** The reason why there is nothing to draw. */
  missing?: string | undefined;
  actions?: ReactNode;
}

interface Pointed {
  point: number | null;
  left: number;
}
const NOWHERE: Pointed = { point: null, left: 0 };

/** Show a chart and its legend. The legend reads out the numbers, also to a screen reader. */
export function ChartCard({ title, actions, summary, missing, ...chart }: ChartCardProps) {
  const [{ point, left }, setPointed] = useState<Pointed>(NOWHERE);
  const id = useId();
  const at = point === null ? undefined : chart.times[point];
  const empty = chart.lines.every((line) => line.values.every((value) => !value));
  const words = missing ?? (empty ? t.noData : "");
  return (
    <section aria-labelledby={id} className="min-w-0 border border-line bg-panel">
      <header className="flex min-h-9 flex-wrap items-center justify-between gap-x-3 ps-4 pe-1">
        <h2 id={id} className="text-xs font-semibold tracking-wide text-soft uppercase">
          {title}
        </h2>
        {actions}
      </header>
      <div className="relative px-2">
        <div className={cx(missing !== undefined && "invisible")}>
          <TimeChart {...chart} onPoint={(index, x) => setPointed({ point: index, left: x })} />
        </div>
        {at !== undefined && point !== null && !words && (
          <Tip lines={chart.lines} point={point} left={left} unit={chart.unit}>
            {stamp(at, chart.times.at(-1) ?? at, chart.zone)}
          </Tip>
        )}
        {words && (
          <p className="pointer-events-none absolute inset-x-4 top-8 text-center text-sm text-faint">
            {words}
          </p>
        )}
      </div>
      <div className="flex min-h-8 flex-wrap content-start md:max-lg:min-h-[46px] items-center gap-x-4 gap-y-0.5 px-4 pt-1 pb-1.5 text-xs">
        <ul className="contents">
          {chart.lines.map((line) => (
            <li key={line.label} className="flex items-center gap-1.5 text-soft">
              <svg aria-hidden="true" viewBox="0 0 8 8" className={cx("size-2")}>
                <rect width="8" height="8" fill={`var(${line.color})`} />
              </svg>
              {line.label}
              <span className="nums text-text">
                {missing !== undefined
                  ? "–"
                  : point === null
                    ? summary(line)
                    : line.values[point] == null
                      ? "–"
                      : chart.unit(line.values[point])}
              </span>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

interface TipProps {
  lines: Line[];
  point: number;
  /** Pixels from the left edge of the plot. */
  left: number;
  unit: (value: number) => string;
  children: ReactNode;
}

/** Pixels that the axis takes, and the width of the box. */
const AXIS = 56;
const WIDTH = 150;

/** Show the values beside the pointer, on the side that has room. The legend says the same to a screen reader. */
function Tip({ lines, point, left, unit, children }: TipProps) {
  const place = left > WIDTH + 16 ? left - WIDTH - 12 : left + 12;
  return (
    <div
      aria-hidden="true"
      data-testid="chart-tip"
      className="nums pointer-events-none absolute top-0 z-20 border border-strong bg-raised px-2 py-1 text-xs shadow-float"
      style={{ insetInlineStart: AXIS + place, width: WIDTH }}
    >
      <p className="text-soft">{children}</p>
      {lines.map((line) => (
        <p key={line.label} className="flex items-center gap-1.5">
          <svg viewBox="0 0 8 8" className="size-2">
            <rect width="8" height="8" fill={`var(${line.color})`} />
          </svg>
          <span className="me-auto text-soft">{line.label}</span>
          {line.values[point] == null ? "–" : unit(line.values[point])}
        </p>
      ))}
    </div>
  );
}

/** Return why a chart has nothing to draw yet; undefined when it has data. */
export function absence({ data, error }: { data: unknown; error: Error | null }): string | undefined {
  if (data !== undefined) return undefined;
  return error ? t.chartFailed(sentence(error)) : t.loading;
}

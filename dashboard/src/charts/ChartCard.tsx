import { useId, useState, type ReactNode } from "react";
import { stamp, type Zone } from "@/lib/time";
import { cx } from "@/lib/cx";
import { TimeChart, type Line, type Stretch } from "./TimeChart";

interface ChartCardProps {
  title: string;
  times: number[];
  step: number;
  lines: Line[];
  kind: "stacked" | "lines";
  zone: Zone;
  unit: (value: number) => string;
  /** What a series says over the whole stretch, shown while nothing is pointed at. */
  summary: (line: Line) => string;
  onBrush?: ((from: number, to: number) => void) | undefined;
  picked?: Stretch | undefined;
  /** Why there is nothing to draw. */
  missing?: string | undefined;
  actions?: ReactNode;
}

/** A chart with its legend, which reads out the numbers; the legend is also what a screen reader gets. */
export function ChartCard({ title, actions, summary, missing, ...chart }: ChartCardProps) {
  const [point, setPoint] = useState<number | null>(null);
  const id = useId();
  const at = point === null ? undefined : chart.times[point];
  const empty = chart.lines.every((line) => line.values.every((value) => !value));
  const words = missing ?? (empty ? "No data in this period." : "");
  return (
    <section aria-labelledby={id} className="min-w-0 border border-line bg-panel">
      <header className="flex min-h-10 flex-wrap items-center justify-between gap-x-3 ps-4 pe-2">
        <h2 id={id} className="text-xs font-semibold tracking-wide text-soft uppercase">
          {title}
        </h2>
        {actions}
      </header>
      <div className="relative px-2">
        <div className={cx(missing !== undefined && "invisible")}>
          <TimeChart {...chart} onPoint={setPoint} />
        </div>
        {words && (
          <p className="pointer-events-none absolute inset-x-4 top-12 text-center text-sm text-faint">
            {words}
          </p>
        )}
      </div>
      <div className="flex min-h-9 flex-wrap content-start md:max-lg:min-h-[50px] items-center gap-x-4 gap-y-0.5 px-4 pt-1 pb-2 text-xs">
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
        <span className="nums ms-auto text-faint">
          {at === undefined ? "" : stamp(at, chart.times.at(-1) ?? at, chart.zone)}
        </span>
      </div>
    </section>
  );
}

import { useState, type ReactNode } from "react";
import type { Deploy } from "@/api/numbers/metrics";
import { stamp, type Zone } from "@/lib/time";
import { within } from "./deploys";
import type { Stretch } from "./drawing";
import { Frame, Swatch, Tip } from "./Frame";
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
  /** Return the value that the legend shows for a series while the pointer is not on the chart. */
  summary: (line: Line) => string;
  onBrush?: ((from: number, to: number) => void) | undefined;
  picked?: Stretch | undefined;
  /** All known deployments; those within the chart's time are drawn as flags. */
  deploys?: readonly Deploy[];
  /**
   * Show the name of the last deployment beside the title. Set it for one chart of a page only: the other charts have
   * the same flags.
   */
  nameDeploys?: boolean;
  /** The reason why there is no chart. */
  missing?: string | undefined;
  actions?: ReactNode;
}

interface Pointed {
  point: number | null;
  left: number;
}
const NOWHERE: Pointed = { point: null, left: 0 };

/** Show a chart and its legend. The legend contains the numbers, also for a screen reader. */
export function ChartCard(props: ChartCardProps) {
  const { title, actions, summary, missing, deploys = [], nameDeploys = false, ...chart } = props;
  const [{ point, left }, setPointed] = useState<Pointed>(NOWHERE);
  const at = point === null ? undefined : chart.times[point];
  const last = chart.times.at(-1) ?? 0;
  const all = chart.lines.flatMap(({ values }) => values);
  const empty = all.every((value) => value === null) ? t.noData : all.every((value) => !value) ? t.none : "";
  const shown = within(deploys, chart.times, chart.step);
  const value = (line: Line) => {
    if (missing !== undefined) return "–";
    if (line.missing !== undefined) return "–";
    if (point === null) return summary(line);
    return line.values[point] == null ? "–" : chart.unit(line.values[point]);
  };
  return (
    <Frame
      title={title}
      note={nameDeploys && !missing && { deploys: shown, zone: chart.zone, now: last }}
      actions={actions}
      words={missing ?? empty}
      hidden={missing !== undefined}
      plot={
        <TimeChart {...chart} deploys={shown} onPoint={(index, x) => setPointed({ point: index, left: x })} />
      }
      tip={
        at !== undefined && (
          <Tip
            left={left}
            deploys={within(shown, [at], chart.step)}
            rows={chart.lines.map((line) => ({
              label: line.label,
              color: line.color,
              dashed: line.earlier,
              value: value(line),
            }))}
          >
            {stamp(at, last, chart.zone)}
          </Tip>
        )
      }
    >
      {chart.lines.map((line) => (
        <li key={line.label} className="flex items-center gap-1.5 text-soft">
          <Swatch color={line.color} dashed={line.earlier} />
          {line.label}
          <span className="nums text-text">{line.missing ?? value(line)}</span>
        </li>
      ))}
    </Frame>
  );
}

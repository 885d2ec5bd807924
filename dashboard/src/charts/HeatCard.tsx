import { useMemo, useState } from "react";
import type { Deploy } from "@/api/numbers/metrics";
import type { Cell, SpreadPoint } from "@/api/numbers/spread";
import { duration, stamp, type Zone } from "@/lib/time";
import { count } from "@/texts/numbers";
import { within } from "./deploys";
import { Frame, Tip } from "./Frame";
import { edges, largest, listed, strength } from "./heat";
import { TimeChart } from "./TimeChart";
import { t as base } from "@/texts/en/base";
import { t } from "@/texts/en/charts";

interface HeatCardProps {
  title: string;
  points: SpreadPoint[];
  step: number;
  zone: Zone;
  deploys: readonly Deploy[];
  onBrush: (from: number, to: number) => void;
  missing: string | undefined;
}

/** Show how many durations of each length every step had: a cell with more durations has a stronger colour. */
export function HeatCard({ title, points, step, zone, deploys, onBrush, missing }: HeatCardProps) {
  const [pointed, setPointed] = useState<{ point: number | null; left: number }>({ point: null, left: 0 });
  const times = useMemo(() => points.map((point) => point.t), [points]);
  const lines = useMemo(() => {
    const { low, high } = edges(points);
    return [low, high].map((values, at) => ({ label: String(at), color: "--blue", values }));
  }, [points]);
  const most = largest(points);
  const shown = within(deploys, times, step);
  const here = pointed.point === null ? undefined : points[pointed.point];
  const last = times.at(-1) ?? 0;
  return (
    <Frame
      title={title}
      words={missing ?? (most === 0 ? base.noData : "")}
      hidden={missing !== undefined}
      plot={
        <TimeChart
          kind="heat"
          log
          cells={points}
          times={times}
          step={step}
          lines={lines}
          zone={zone}
          unit={duration}
          deploys={shown}
          onBrush={onBrush}
          onPoint={(point, left) => setPointed({ point, left })}
        />
      }
      tip={
        here && (
          <Tip left={pointed.left} deploys={within(shown, [here.t], step)} rows={rows(here.cells)}>
            {stamp(here.t, last, zone)}
          </Tip>
        )
      }
    >
      {most > 0 && (
        <li className="flex items-center gap-1.5 text-soft">
          {t.jobs(1)}
          <svg aria-hidden="true" viewBox="0 0 40 8" className="h-2 w-10">
            {[0, 0.25, 0.5, 0.75, 1].map((share, at) => (
              <rect
                key={share}
                x={at * 8}
                width="8"
                height="8"
                fill="var(--blue)"
                fillOpacity={strength(share, 1)}
              />
            ))}
          </svg>
          <span className="nums">{count(most)}</span>
        </li>
      )}
      {most > 0 && <li className="text-soft">{range(points)}</li>}
    </Frame>
  );
}

function rows(cells: Cell[]) {
  if (cells.length === 0) return [{ label: t.noRuns, value: "" }];
  return listed(cells).map(({ low, high, count: n }) => ({
    label: low <= 1 ? t.upTo(duration(high)) : t.range(duration(low), duration(high)),
    value: count(n),
  }));
}

/** Say between which lengths the durations are: for a screen reader, instead of the axis. */
function range(points: SpreadPoint[]): string {
  const all = points.flatMap(({ cells }) => cells);
  const low = Math.min(...all.map((cell) => cell.low));
  const high = Math.max(...all.map((cell) => cell.high));
  return low <= 1 ? t.upTo(duration(high)) : t.range(duration(low), duration(high));
}

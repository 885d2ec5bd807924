import { useId, type ReactNode } from "react";
import type { Deploy } from "@/api/numbers/metrics";
import { stamp, type Zone } from "@/lib/time";
import { cx } from "@/lib/cx";
import { t } from "@/texts/en/charts";

interface FrameProps {
  title: string;
  /** The deployments whose names are shown. */
  note?: DeployNoteProps | false | undefined;
  actions?: ReactNode;
  /** The text that is shown instead of the plot. */
  words: string;
  /** Hide the plot, because there is no data yet. */
  hidden: boolean;
  plot: ReactNode;
  tip: ReactNode;
  /** Entries of the legend. */
  children: ReactNode;
}

/** Show a chart's title, plot and legend. */
export function Frame({ title, note, actions, words, hidden, plot, tip, children }: FrameProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="min-w-0 border border-line bg-panel">
      <header className="flex min-h-9 flex-wrap items-center justify-between gap-x-3 ps-4 pe-1">
        <h2 id={id} className="py-2 text-xs font-semibold tracking-wide text-soft uppercase">
          {title}
        </h2>
        {note && (
          <DeployNote {...note} className="flex max-sm:sr-only md:max-lg:hidden" data-testid="deploys" />
        )}
        {actions}
      </header>
      <div className="relative px-2">
        <div className={cx(hidden && "invisible")}>{plot}</div>
        {!words && tip}
        {words && (
          <p className="pointer-events-none absolute inset-x-4 top-8 text-center text-sm text-faint">
            {/* On its own ground, so that no line of the grid crosses it. */}
            <span className="bg-panel px-1.5">{words}</span>
          </p>
        )}
      </div>
      <div className="flex min-h-8 flex-wrap content-start md:max-lg:min-h-[46px] items-center gap-x-4 gap-y-0.5 px-4 pt-1 pb-1.5 text-xs">
        <ul className="contents">{children}</ul>
        {note && <DeployNote {...note} className="hidden md:max-lg:flex md:max-lg:flex-none" />}
      </div>
    </section>
  );
}

interface DeployNoteProps {
  deploys: readonly Deploy[];
  zone: Zone;
  now: number;
}

/**
 * Show how many deployments are flags in the plot, and the name of the last one: beside the title if there is space,
 * else below the plot. A phone has no space beside the title.
 */
function DeployNote({
  deploys,
  zone,
  now,
  className,
  ...marks
}: DeployNoteProps & { className: string; "data-testid"?: string }) {
  const last = deploys.at(-1);
  if (!last) return null;
  return (
    <p className={cx("min-w-0 flex-1 basis-0 items-center gap-1.5 text-xs text-soft", className)} {...marks}>
      <svg aria-hidden="true" viewBox="0 0 8 8" className="size-2 shrink-0">
        <path d="M1 0 8 3.5 1 7Z" fill="var(--accent-text)" />
      </svg>
      <span className="nums truncate" title={last.version}>
        <span className={cx(deploys.length === 1 && "sr-only")}>{t.deploys(deploys.length)}: </span>
        {t.lastDeploy(last.version, stamp(last.at, now, zone))}
      </span>
    </p>
  );
}

/** The mark of a line in the legend: a square, or dashes as in the plot. `color` is the name of a CSS variable. */
export function Swatch({ color, dashed = false }: { color: string; dashed?: boolean | undefined }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 8 8" className="size-2 shrink-0">
      {dashed ? (
        <path d="M0 4h3M5 4h3" stroke={`var(${color})`} strokeWidth="2" />
      ) : (
        <rect width="8" height="8" fill={`var(${color})`} />
      )}
    </svg>
  );
}

export interface TipRow {
  label: string;
  value: string;
  dashed?: boolean | undefined;
  /** The name of a CSS variable; without it, the row has no mark. */
  color?: string;
}
interface TipProps {
  rows: TipRow[];
  /** Pixels from the left edge of the chart. */
  left: number;
  /** The deployments in the step under the pointer. */
  deploys: readonly Deploy[];
  children: ReactNode;
}

/** The space beside the chart and the width of the box, in pixels. */
const PADDING = 8;
const WIDTH = 168;

/**
 * Show the values below the plot at the pointer, so that no bar is covered. For a screen reader, the legend contains
 * the same values.
 */
export function Tip({ rows, left, deploys, children }: TipProps) {
  const start = Math.max(0, PADDING + left - WIDTH / 2);
  return (
    <div
      aria-hidden="true"
      data-testid="chart-tip"
      className="nums pointer-events-none absolute top-full z-20 border border-strong bg-raised px-2 py-1 text-xs shadow-float"
      style={{ insetInlineStart: `min(${start}px, 100% - ${WIDTH}px)`, width: WIDTH }}
    >
      <p className="text-soft">{children}</p>
      {rows.map(({ label, value, color, dashed }) => (
        <p key={label} className="flex items-center gap-1.5">
          {color && <Swatch color={color} dashed={dashed} />}
          <span className="me-auto text-soft">{label}</span>
          {value}
        </p>
      ))}
      {deploys.map(({ at, version }) => (
        <p key={at} className="truncate text-accent-text">
          {t.deployed(version)}
        </p>
      ))}
    </div>
  );
}

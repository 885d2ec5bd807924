import type { JobDetail } from "@/api/jobs/jobs";
import type { LogLine } from "@/api/jobs/logs";
import type { KeptStep } from "@/api/jobs/steps";
import { cx } from "@/lib/cx";
import { duration } from "@/lib/time";
import { useNow } from "@/live/live";
import { FILL } from "./fill";
import { waterfall, type Row } from "./waterfall";
import { retries, runName } from "@/jobs/detail/runs";
import { t } from "@/texts/en/detail";

/** Show the waits, attempts and backoffs of all runs below each other, with the log lines in the attempts. */
export function Waterfall({ job, logs, kept }: { job: JobDetail; logs: LogLine[]; kept?: KeptStep[] }) {
  const rows = waterfall(job, useNow(), logs, kept);
  if (rows.length === 0) return null;
  return (
    <ol aria-label={t.allRuns} className="nums flex flex-col gap-1 text-xs">
      {rows.map((row, at) => (
        <li
          key={at}
          className="grid grid-cols-[minmax(0,13rem)_minmax(0,1fr)_4rem] items-center gap-x-3 max-sm:grid-cols-[minmax(0,1fr)_auto]"
        >
          <span className="truncate text-soft" title={row.label}>
            {retries(job) > 0 && rows[at - 1]?.gen !== row.gen && (
              <strong className="font-medium text-text">{runName(row.gen, job)} · </strong>
            )}
            {row.label}
          </span>
          <Track row={row} />
          <span className="text-end">{duration(row.to - row.from)}</span>
        </li>
      ))}
    </ol>
  );
}

function Track({ row }: { row: Row }) {
  return (
    <span
      className="relative block h-4 bg-hover max-sm:order-last max-sm:col-span-2 max-sm:h-3"
      aria-hidden="true"
    >
      <span
        className={cx("absolute inset-y-0 min-w-0.5", FILL[row.kind], row.open && "pulse-dot")}
        style={{ insetInlineStart: `${row.left * 100}%`, width: `${row.width * 100}%` }}
      >
        {row.lines.map((at, n) => (
          <span
            key={n}
            className="absolute inset-y-1 w-px bg-bg"
            style={{ insetInlineStart: `${at * 100}%` }}
          />
        ))}
      </span>
    </span>
  );
}

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Job, JobDetail, JobStatus } from "@/api/jobs/jobs";
import type { LogLine } from "@/api/jobs/logs";
import type { KeptStep } from "@/api/jobs/steps";
import { cx } from "@/lib/cx";
import { shortId } from "@/lib/format";
import { duration, spell } from "@/lib/time";
import { useNow } from "@/live/live";
import { FILL } from "./fill";
import type { Axis } from "./axis";
import type { Segment } from "./timeline";
import { MOST_FAILED, waterfall, type Crowd } from "./waterfall";
import { retries, runName } from "@/jobs/detail/runs";
import { linkClass } from "@/ui/link";
import { t } from "@/texts/en/detail";

interface WaterfallProps {
  job: JobDetail;
  logs: LogLine[];
  kept?: KeptStep[];
  /** The child jobs. */
  made?: readonly Job[];
  /** How many rows of the job itself are drawn; its newest ones. */
  newest?: number;
}

const ROW =
  "grid grid-cols-[minmax(0,13rem)_minmax(0,1fr)_4rem] items-center gap-x-3 max-sm:grid-cols-[minmax(0,1fr)_auto]";

/**
 * Show the waits, attempts and backoffs of all runs and the child jobs below each other, with the log lines in the
 * attempts. A dotted line is where time is left out, because nothing happened.
 */
export function Waterfall({ job, logs, kept, made = [], newest }: WaterfallProps) {
  const { rows, children, crowds, failed, breaks } = waterfall(job, useNow(), logs, kept, made, newest);
  if (rows.length + children.length + crowds.length === 0) return null;
  return (
    <>
      <ol aria-label={t.allRuns} className="nums flex flex-col gap-1 text-xs">
        {rows.map((row, at) => (
          <li key={at} className={ROW}>
            <span className="truncate text-soft" title={row.label}>
              {retries(job) > 0 && rows[at - 1]?.gen !== row.gen && (
                <strong className="font-medium text-text">{runName(row.gen, job)} · </strong>
              )}
              {row.label}
            </span>
            <Track breaks={breaks}>
              <Part {...row} />
            </Track>
            <span className="text-end">{duration(row.to - row.from)}</span>
          </li>
        ))}
        {crowds.map((crowd) => (
          <CrowdRow key={crowd.type} crowd={crowd} breaks={breaks} />
        ))}
        {children.map((child) => (
          <li key={child.job.id} className={ROW}>
            <span className="truncate">
              <Link to="/jobs/$id" params={{ id: child.job.id }} className={cx(linkClass, "font-mono")}>
                {shortId(child.job.id)}
              </Link>{" "}
              <span className="text-soft">{child.job.type}</span>
            </span>
            <Track breaks={breaks}>
              <Part {...child.wait} kind="wait" />
              {child.run && <Part {...child.run} />}
            </Track>
            <span className="text-end">{child.run ? duration(child.run.ms) : "–"}</span>
          </li>
        ))}
      </ol>
      {breaks.length > 0 && (
        <p className="nums mt-1.5 text-xs text-faint">
          {t.leftOut(breaks.map(({ ms }) => spell(ms)).join(", "))}
        </p>
      )}
      {crowds.length > 0 && (
        <p className="mt-1.5 text-xs text-faint">
          {t.crowdMeaning} {failed > MOST_FAILED && t.oneOfFailed(MOST_FAILED, failed)}
        </p>
      )}
    </>
  );
}

/** Show how many child jobs of a type there were at each time, and what they did. */
function CrowdRow({
  crowd: { type, jobs, parts, most, ms },
  breaks,
}: {
  crowd: Crowd;
  breaks: Axis["breaks"];
}) {
  const number = (...statuses: JobStatus[]) => jobs.filter(({ status }) => statuses.includes(status)).length;
  const words = t.crowdWords(
    jobs.length,
    type,
    number("queued", "scheduled", "retrying", "suspended", "blocked"),
    number("processing"),
    number("completed"),
    number("failed", "dead_letter", "cancelled"),
  );
  return (
    <li className={ROW} data-crowd={type}>
      <span className="truncate" title={words}>
        <span className="sr-only">{words}</span>
        <span aria-hidden="true">{t.crowd(jobs.length, type)}</span>
      </span>
      <Track breaks={breaks} tall>
        <span className="flex h-full items-end">
          {parts.map((part, at) => (
            <span key={at} className="flex h-full flex-1 flex-col justify-end">
              {KINDS.map((kind) => {
                const n = part[kind] ?? 0;
                return (
                  n > 0 && (
                    <span key={kind} className={FILL[kind]} style={{ height: `${(n / most) * 100}%` }} />
                  )
                );
              })}
            </span>
          ))}
        </span>
      </Track>
      <span className="text-end">{duration(ms)}</span>
    </li>
  );
}

/** From top to bottom. */
const KINDS = ["wait", "asleep", "run", "failed", "done"] as const;

function Track({ breaks, tall, children }: { breaks: Axis["breaks"]; tall?: boolean; children: ReactNode }) {
  return (
    <span
      className={cx(
        "relative block bg-hover max-sm:order-last max-sm:col-span-2",
        tall ? "h-12" : "h-4 max-sm:h-3",
      )}
      aria-hidden="true"
    >
      {children}
      {breaks.map(({ at }) => (
        <span
          key={at}
          className="absolute inset-y-0 border-s border-dotted border-faint"
          style={{ insetInlineStart: `${at * 100}%` }}
        />
      ))}
    </span>
  );
}

interface PartProps {
  kind: Segment["kind"];
  left: number;
  width: number;
  open?: boolean;
  lines?: number[];
}

function Part({ kind, left, width, open = false, lines = [] }: PartProps) {
  return (
    <span
      className={cx("absolute inset-y-0 min-w-0.5", FILL[kind], open && "pulse-dot")}
      style={{ insetInlineStart: `${left * 100}%`, width: `${width * 100}%` }}
    >
      {lines.map((at, n) => (
        <span
          key={n}
          className="absolute inset-y-1 w-px bg-bg"
          style={{ insetInlineStart: `${at * 100}%` }}
        />
      ))}
    </span>
  );
}

import type { ReactNode } from "react";
import { Link } from "@tanstack/react-router";
import type { Job, JobStatus } from "@/api/jobs/jobs";
import { bytes, oneLine, shortId } from "@/lib/format";
import type { Json } from "@/lib/json";
import { createStore } from "@/lib/store";
import { firstLine } from "@/lib/text";
import { duration } from "@/lib/time";
import { Copy } from "@/ui/Copy";
import { Age } from "@/live/Age";
import { ran, waited } from "@/jobs/measure";
import type { SortKey } from "@/jobs/search";
import { STATUS, isFailed } from "@/jobs/status";
import { StatusChip } from "@/jobs/StatusChip";
import { linkClass } from "@/ui/link";
import { cx } from "@/lib/cx";
import { WaitLine } from "./WaitLine";
import { t } from "@/texts/en/list";

export type ColumnKey =
  "id" | "type" | "status" | "attempt" | "created" | "due" | "wait" | "run" | "tags" | "details";

export interface Column {
  key: ColumnKey;
  title: string;
  /** The minimum width in pixels; `grow` is the column's share of the remaining width. */
  width: number;
  grow?: number;
  sort?: SortKey;
  end?: boolean;
  /** Keeps a distance from numbers before it, which end at their right edge. */
  apart?: boolean;
  /** Columns with the highest number are hidden first if there is no space; 0 is always shown. */
  rank: number;
  /** The tabs in which the column is shown; without a value, all tabs. */
  in?: readonly JobStatus[];
  cell: (job: Job, now: number) => ReactNode;
}

const time = (ms: number | null) => (ms === null ? <span className="text-faint">–</span> : duration(ms));

export const COLUMNS: readonly Column[] = [
  {
    key: "id",
    title: t.id,
    width: 96,
    rank: 0,
    cell: (job) => (
      <span className="flex items-center">
        <Link
          to="/jobs/$id"
          params={{ id: job.id }}
          data-row-link={job.id}
          className={cx(linkClass, "font-mono text-xs text-text")}
        >
          {shortId(job.id)}
        </Link>
        <Copy
          text={job.id}
          label={t.copyTheId}
          className="opacity-0 group-hover:opacity-100 focus-visible:opacity-100"
        />
      </span>
    ),
  },
  {
    key: "type",
    title: t.type,
    width: 116,
    grow: 0.4,
    sort: "type",
    rank: 1,
    cell: (job) => <span className="truncate font-mono text-xs">{job.type}</span>,
  },
  {
    key: "status",
    title: t.status,
    width: 116,
    sort: "status",
    rank: 0,
    cell: (job) => <Progress job={job} />,
  },
  {
    key: "attempt",
    title: t.attempt,
    width: 76,
    sort: "attempt",
    end: true,
    rank: 5,
    cell: (job) => <Attempts job={job} />,
  },
  {
    key: "created",
    title: t.created,
    width: 84,
    sort: "created",
    end: true,
    rank: 2,
    cell: (job) => <Age at={job.createdAt} />,
  },
  {
    key: "due",
    title: t.due,
    width: 84,
    end: true,
    rank: 2,
    in: ["scheduled", "retrying", "suspended"],
    cell: (job) => {
      const due = dueAt(job);
      return due === null ? <span className="text-faint">–</span> : <Age at={due} />;
    },
  },
  {
    key: "wait",
    title: t.wait,
    width: 84,
    sort: "wait",
    end: true,
    rank: 6,
    cell: (job, now) => time(waited(job, now)),
  },
  {
    key: "run",
    title: t.run,
    width: 84,
    sort: "run",
    end: true,
    rank: 4,
    cell: (job, now) => time(ran(job, now)),
  },
  { key: "tags", title: t.tags, width: 118, grow: 0.5, apart: true, rank: 8, cell: Tags },
  {
    key: "details",
    title: t.details,
    width: 140,
    grow: 3,
    apart: true,
    rank: 3,
    cell: (job) => <Details job={job} />,
  },
];

function Progress({ job }: { job: Job }) {
  const percent = job.status === "processing" ? job.progress?.percent : undefined;
  return (
    <span className="flex flex-col justify-center gap-1">
      <StatusChip status={job.status} id={job.id} discarded={job.discarded !== null} expired={job.expired} />
      {percent !== undefined && (
        <span aria-hidden="true" className="block h-0.5 w-20 bg-line">
          <span className="block h-full bg-blue" style={{ width: `${percent}%` }} />
        </span>
      )}
    </span>
  );
}

export function Attempts({ job }: { job: Pick<Job, "attempts" | "maxAttempts" | "gen"> }) {
  return (
    <span className="nums" title={job.gen > 1 ? t.runItWasRetried(job.gen) : undefined}>
      {job.attempts}
      <span className="text-faint">/{job.maxAttempts}</span>
    </span>
  );
}

/** Show the job's tenant and tags. */
export function Tags({ tenant, tags }: Pick<Job, "tenant" | "tags">) {
  return (
    <span className="flex min-w-0 gap-1 overflow-hidden">
      {[...(tenant === null ? [] : [{ tenant }]), ...tags.map((tag) => ({ tag }))].map((search) => (
        <Link
          key={Object.values(search).join()}
          to="/dashboard"
          search={search}
          className="max-w-28 truncate border border-line px-1 font-mono text-2xs text-soft hover:border-strong hover:text-text"
        >
          {Object.values(search)}
        </Link>
      ))}
    </span>
  );
}

/** Show what the job waits for, or its error; without both, a summary of the payload. */
export function Details({ job }: { job: Job }) {
  if (job.waitsFor) return <WaitLine {...job.waitsFor} />;
  return job.errorMessage || job.errorClass ? <ErrorLine job={job} /> : <PayloadLine job={job} />;
}

function ErrorLine({ job }: { job: Job }) {
  const tone = isFailed(job.status) ? STATUS[job.status].tone : "text-soft";
  const message = oneLine(firstLine(job.errorMessage ?? ""));
  return (
    <span
      dir="auto"
      className="block min-w-0 truncate text-left text-xs"
      title={oneLine(job.errorMessage ?? "", 600)}
    >
      <span className={tone}>{job.errorClass}</span>
      {job.errorClass && message && <span className="text-faint"> · </span>}
      <span className="text-soft">{message}</span>
    </span>
  );
}

/** Show the values of the payload, without their names. */
function PayloadLine({ job }: { job: Job }) {
  if (job.payload === null) return <span className="text-xs text-faint">{bytes(job.payloadBytes)}</span>;
  return (
    <bdi className="block truncate font-mono text-2xs text-faint">
      {oneLine(gist(job.payload).join(" · "), 160)}
    </bdi>
  );
}

const MOST_VALUES = 6;

function gist(value: Json): string[] {
  if (typeof value !== "object" || value === null) return value === null ? [] : [String(value)];
  return Object.values(value).slice(0, MOST_VALUES).flatMap(gist).slice(0, MOST_VALUES);
}

/** Width of the table in pixels; 0 before it is drawn. */
export const tableWidth = createStore(0);
/** Below this width in pixels, jobs are shown as cards. */
export const NARROW = 600;

/** Return the columns of a tab that are not hidden. */
export function columnsOf(status: JobStatus | undefined, hidden: readonly string[]): Column[] {
  return COLUMNS.filter(
    (column) =>
      !hidden.includes(column.key) && (!column.in || (status !== undefined && column.in.includes(status))),
  );
}

/**
 * Return the columns that fit into a width; the least important columns are omitted first, and never the one by which the
 * rows are sorted.
 */
export function fitColumns(columns: readonly Column[], width: number, sorted?: SortKey): Column[] {
  const fitted = [...columns];
  const total = () => fitted.reduce((sum, column) => sum + column.width + GAP, FIXED);
  const rank = (column: Column) => (sorted !== undefined && column.sort === sorted ? 0 : column.rank);
  while (total() > width) {
    const worst = fitted.reduce((a, b) => (rank(b) > rank(a) ? b : a));
    if (rank(worst) === 0) break;
    fitted.splice(fitted.indexOf(worst), 1);
  }
  return fitted;
}

/** Return when a waiting job starts again at the latest, in milliseconds; null if no time is set. */
export function dueAt(job: Job): number | null {
  return job.waitsFor?.until ?? job.nextAttemptAt;
}

const GAP = 12;
/** The check box, the actions, and the edges. */
const FIXED = 36 + 68 + 16;

export function template(columns: readonly Column[]): string {
  const all = columns.reduce((sum, { grow = 0 }) => sum + grow, 0);
  // shares that add up to less than 1fr would leave free width at the end of the row
  const share = (grow: number) => (all < 1 ? grow / all : grow);
  const tracks = columns.map(({ width, grow }) =>
    grow ? `minmax(${width}px, ${share(grow)}fr)` : `${width}px`,
  );
  return ["28px", ...tracks, all > 0 ? "" : "1fr", "60px"].filter(Boolean).join(" ");
}

import type { JobFilter, JobStatus } from "@/api/jobs/jobs";
import { parseSpan } from "@/lib/time";
import { allows, STATUSES, type JobAction } from "./status";
import { t } from "@/texts/en/jobs";

/** Filters and order of the jobs page, as the URL holds them. */
export interface JobsSearch {
  status?: JobStatus;
  type?: string;
  tag?: string;
  tenant?: string;
  id?: string;
  error?: string;
  /** Part of a value of the payload; "field=text" asks one field. */
  payload?: string;
  /** A group of the errors page. */
  fingerprint?: string;
  /** "15m", "6h", "7d": created within that time. */
  range?: string;
  /** A stretch picked on a chart, in milliseconds. */
  from?: number;
  to?: number;
  /** Finished then or later, before then; in milliseconds. A finding leads to such jobs. */
  ended?: number;
  endedBefore?: number;
  sort?: SortKey;
  dir?: "asc" | "desc";
  /** The time that the charts show; it filters nothing. */
  span?: ChartSpan;
}

/** New values of some parts; what is empty is taken away. */
export type Change = { [Key in keyof JobsSearch]?: JobsSearch[Key] | string | undefined };

export const SORTS = ["created", "type", "status", "attempt", "wait", "run"] as const;
export type SortKey = (typeof SORTS)[number];

export const CHART_SPANS = ["1h", "6h", "24h", "7d"] as const;
export type ChartSpan = (typeof CHART_SPANS)[number];

export const RANGES = [
  ["", t.anyTime],
  ["15m", t.last15Min],
  ["1h", t.lastHour],
  ["6h", t.last6Hours],
  ["24h", t.last24Hours],
  ["7d", t.last7Days],
] as const;

/** Read the query string; leave out what is not valid, so that an old link still opens. */
export function readSearch(raw: Record<string, unknown>): JobsSearch {
  const text = (name: string, most = 200) => {
    const value = raw[name];
    return typeof value === "string" || typeof value === "number" ? String(value).slice(0, most) : "";
  };
  const time = (name: string) => (/^\d{10,14}$/.test(text(name)) ? Number(text(name)) : undefined);
  const status = STATUSES.find((one) => one === raw.status);
  const sort = SORTS.find((one) => one === raw.sort);
  const range = parseSpan(text("range")) === null ? "" : text("range");
  const span = CHART_SPANS.find((one) => one === raw.span);
  const from = time("from");
  const to = time("to");
  const ended = time("ended");
  const endedBefore = time("endedBefore");
  return {
    ...(status && { status }),
    ...(text("type") && { type: text("type", 40) }),
    ...(text("tag") && { tag: text("tag", 40) }),
    ...(text("tenant", 500) && { tenant: text("tenant", 500) }),
    ...(text("id") && { id: text("id", 36) }),
    ...(text("error") && { error: text("error") }),
    ...(text("payload") && { payload: text("payload") }),
    ...(/^[0-9a-f]{12}$/.test(text("fingerprint")) && { fingerprint: text("fingerprint") }),
    ...(range && { range }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(ended !== undefined && { ended }),
    ...(endedBefore !== undefined && { endedBefore }),
    ...(sort && { sort }),
    ...(raw.dir === "asc" && { dir: "asc" as const }),
    ...(span && { span }),
  };
}

/** Return the time since when errors are known by name to the search. */
export const weekAgo = () => Date.now() - (parseSpan("7d") ?? 0);

/** A search of payloads reads every job, so the API wants a time range. */
const SEARCHED = "24h";

/** Return the range that is chosen, or the one that a search of payloads has without. */
export function rangeOf({ range, from, payload }: JobsSearch): string | undefined {
  return range ?? (payload !== undefined && from === undefined ? SEARCHED : undefined);
}

/** Return the filter for the API. A relative range begins at `now` minus its length. */
export function toFilter(search: JobsSearch, now: number): JobFilter {
  const range = rangeOf(search);
  const span = range ? parseSpan(range) : null;
  return {
    status: search.status,
    type: search.type,
    tag: search.tag,
    tenant: search.tenant,
    idPrefix: search.id,
    error: search.error,
    fingerprint: search.fingerprint,
    createdAfter: search.from ?? (span === null ? undefined : now - span),
    createdBefore: search.to,
    finishedAfter: search.ended,
    finishedBefore: search.endedBefore,
    payload: search.payload,
  };
}

/** Return the filter of a bulk action on all matching jobs; null when the action is legal for none of them. */
export function actionFilter(search: JobsSearch, action: JobAction, now: number): JobFilter | null {
  if (search.status && !allows(search.status, action)) return null;
  return toFilter(search, now);
}

/** Return true for the API's own order, newest first. Any other order is made here, of the loaded rows. */
export function isServerOrder({ sort, dir }: JobsSearch): boolean {
  return sort === undefined || (sort === "created" && dir !== "asc");
}

/** Return true when any filter is set, the status included. */
export function isNarrowed(search: JobsSearch): boolean {
  return search.status !== undefined || isFiltered(search);
}

/** Return true when a filter other than the status is set. */
export function isFiltered(search: JobsSearch): boolean {
  const names = ["type", "tag", "tenant", "id", "error", "payload", "fingerprint", "range", "from", "to"];
  return [...names, "ended", "endedBefore"].some((name) => search[name as keyof JobsSearch] !== undefined);
}

type Sought = Pick<JobsSearch, "tag" | "tenant" | "id" | "error" | "payload" | "type" | "status">;

/**
 * Read the search box: parts such as "tag:x", "tenant:x", "type:x", "status:x", "id:x", "error:x" and "payload:x", several at once. Other text is
 * an id when it looks like the beginning of one, else words of an error.
 */
export function readQuery(text: string): Sought {
  const found: Sought = {};
  const words: string[] = [];
  for (const part of text.trim().split(/\s+(?=(?:tag|tenant|id|type|status|error|payload):)/i)) {
    const named = /^(tag|tenant|id|type|status):\s*(\S+)\s*(.*)$/is.exec(part);
    const [, content, sought] = /^(error|payload):\s*(.*)$/is.exec(part) ?? [];
    if (named) Object.assign(found, readPart((named[1] ?? "").toLowerCase(), named[2] ?? ""));
    if (content && sought) found[content.toLowerCase() as "error" | "payload"] = sought;
    else if (!content) words.push(named ? (named[3] ?? "") : part);
  }
  const free = words.filter(Boolean).join(" ");
  if (/^[0-9a-f-]{4,36}$/i.test(free) && !found.id) found.id = free.toLowerCase();
  else if (free) found.error = [found.error, free].filter(Boolean).join(" ");
  return found;
}

function readPart(name: string, value: string): Sought {
  if (name !== "status") return { [name]: name === "id" ? value.toLowerCase() : value };
  const wanted = value.toLowerCase().replaceAll("-", "_");
  const status = STATUSES.find((one) => one === wanted);
  return status ? { status } : {};
}

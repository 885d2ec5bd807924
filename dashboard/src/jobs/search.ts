import type { JobFilter, JobStatus } from "@/api/jobs/jobs";
import { parseSpan } from "@/lib/time";
import { allows, STATUSES, type JobAction } from "./status";
import { t } from "@/texts/en/jobs";

/** Filters and order of the jobs page, as in the URL. */
export interface JobsSearch {
  /** Plain text, which is searched in every place where a job can contain it. */
  q?: string;
  status?: JobStatus;
  type?: string;
  tag?: string;
  tenant?: string;
  schedule?: string;
  /** The members of a batch; `round`: those that are in this round now. */
  batch?: string;
  round?: number;
  /** The child jobs of a job. */
  parent?: string;
  id?: string;
  error?: string;
  /** A part of a value of the payload; "field=text" searches only this field. */
  payload?: string;
  /** An error group of the errors page. */
  fingerprint?: string;
  /** "15m", "6h", "7d": created within this time. */
  range?: string;
  /** A time range that was selected on a chart, in milliseconds. */
  from?: number;
  to?: number;
  /** Finished at or after this time, and before this time; in milliseconds. A finding links to such jobs. */
  ended?: number;
  endedBefore?: number;
  sort?: SortKey;
  dir?: "asc" | "desc";
  /** The period that the charts show; it filters nothing. */
  span?: ChartSpan;
}

/** New values for some parts; empty values are removed. */
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

/** The API finds the members of a batch, and the child jobs of a job, only by the whole id. */
const WHOLE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Read the query string; ignore invalid parts, so that an old link still opens. */
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
  const whole = (name: string) => (WHOLE_ID.test(text(name)) ? text(name).toLowerCase() : "");
  const batch = whole("batch");
  const round = /^[1-9]\d{0,5}$/.test(text("round")) ? Number(text("round")) : undefined;
  const parent = whole("parent");
  const endedBefore = time("endedBefore");
  return {
    ...(text("q") && { q: text("q") }),
    ...(status && { status }),
    ...(text("type") && { type: text("type", 40) }),
    ...(text("tag") && { tag: text("tag", 40) }),
    ...(text("tenant", 500) && { tenant: text("tenant", 500) }),
    ...(text("schedule") && { schedule: text("schedule", 61) }),
    ...(batch && { batch, ...(round !== undefined && { round }) }),
    ...(parent && !batch && { parent }),
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

/** Return the time since when the search suggests errors by name. */
export const weekAgo = () => Date.now() - (parseSpan("7d") ?? 0);

/** A search in payloads reads every job, so the API requires a time range. */
const SEARCHED = "24h";
/** The longest range that is offered for it. */
const LONGEST = "7d";

/** Return the chosen range; without one, the default range of a search in payloads. */
export function rangeOf({ range, from, payload }: JobsSearch): string | undefined {
  return range ?? (payload !== undefined && from === undefined ? SEARCHED : undefined);
}

/** Return the same search in the next longer time range; null if there is none. */
export function wider(search: JobsSearch): JobsSearch | null {
  const { from, to, range: _, ...others } = search;
  const longest = others.payload === undefined ? {} : { range: LONGEST };
  if (from !== undefined || to !== undefined) return { ...others, ...longest };
  const range = rangeOf(search);
  if (range === undefined) return null;
  const length = parseSpan(range) ?? 0;
  const next = RANGES.find(([one]) => (parseSpan(one) ?? 0) > length)?.[0];
  if (next !== undefined) return { ...others, range: next };
  return others.payload === undefined ? others : null;
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
    schedule: search.schedule,
    batch: search.batch,
    round: search.round,
    parent: search.parent,
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

/**
 * Return the filter of a bulk action on all matching jobs; null if none of their statuses allows the action, or if no
 * bulk action can be limited to these jobs.
 */
export function actionFilter(search: JobsSearch, action: JobAction, now: number): JobFilter | null {
  if (search.status && !allows(search.status, action)) return null;
  if (search.parent !== undefined) return null;
  return toFilter(search, now);
}

/** Return by what the list is sorted; undefined for members and child jobs in the API's order, which is that of ids or keys. */
export function sortOf({ sort, batch, parent }: JobsSearch): SortKey | undefined {
  return sort ?? (batch === undefined && parent === undefined ? "created" : undefined);
}

/** Return true for the API's own order. Any other order is made in the browser, from the loaded rows. */
export function isServerOrder({ sort, dir, batch, parent }: JobsSearch): boolean {
  const newestFirst = sort === "created" && dir !== "asc";
  return sort === undefined || (newestFirst && batch === undefined && parent === undefined);
}

/** Return true if any filter is set, including the status. */
export function isNarrowed(search: JobsSearch): boolean {
  return search.status !== undefined || isFiltered(search);
}

/** Return true if a filter other than the status is set. */
export function isFiltered(search: JobsSearch): boolean {
  const names = [
    "q",
    "type",
    "tag",
    "tenant",
    "schedule",
    "batch",
    "parent",
    "id",
    "error",
    "payload",
    "fingerprint",
    "range",
    "from",
    "to",
  ];
  return [...names, "ended", "endedBefore"].some((name) => search[name as keyof JobsSearch] !== undefined);
}

type Sought = Pick<JobsSearch, "q" | (typeof PREFIXES)[number]>;

/**
 * A part of the typed text that is not a known filter or status. `corrected` is the whole text with the most similar
 * known filters and statuses, which can be searched; null if there are none.
 */
export interface Unknown {
  typed: string;
  corrected: string | null;
  /** True for a batch whose id is not whole. */
  wholeId?: true;
}

const PREFIXES = ["tag", "tenant", "schedule", "batch", "id", "type", "status", "error", "payload"] as const;
const PARTS = new RegExp(`\\s+(?=(?:${PREFIXES.join("|")}):)`, "i");

/**
 * Read the search box: parts such as "tag:x", "tenant:x", "type:x", "status:x", "error:two words", also
 * several. Other text is plain text. `unknown` is a part that is probably misspelled; then nothing is
 * searched.
 */
export function readQuery(text: string): { sought: Sought; unknown: Unknown | null } {
  const sought: Sought = {};
  const words: string[] = [];
  const parts = text.trim().split(PARTS);
  const instead = (typed: string, at: number, part: string | null) => {
    const corrected = part && parts.map((one, where) => (where === at ? part : one)).join(" ");
    const { unknown: left } = readQuery(corrected ?? "");
    const unknown = left?.corrected === null ? left : { typed, corrected: left?.corrected ?? corrected };
    return { sought: {}, unknown };
  };
  for (const [at, part] of parts.entries()) {
    const [, content, wanted] = /^(error|payload):\s*(.*)$/is.exec(part) ?? [];
    if (content) {
      if (wanted) sought[content.toLowerCase() as "error" | "payload"] = wanted;
      continue;
    }
    const [, named, value = "", free = part] =
      /^(tag|tenant|schedule|batch|id|type|status):\s*(\S*)\s*(.*)$/is.exec(part) ?? [];
    const before = part.slice(0, part.length - free.length);
    if (named?.toLowerCase() === "batch" && value && !WHOLE_ID.test(value))
      return { sought: {}, unknown: { typed: before.trim(), corrected: null, wholeId: true } };
    if (named && !readPart(named.toLowerCase(), value, sought)) {
      const near = nearest(statusOf(value), STATUSES);
      return instead(before.trim(), at, near && `status:${near} ${free}`.trim());
    }
    // Only where the plain text begins: later, a word with a colon is probably a part of an error or of an address.
    const [typed, prefix = ""] = /^([a-z]+):\S*/i.exec(free) ?? [];
    const near = words.length === 0 && nearest(prefix.toLowerCase(), PREFIXES);
    if (typed && near) return instead(typed, at, `${before}${near}${free.slice(prefix.length)}`);
    if (free) words.push(free);
  }
  if (words.length > 0) sought.q = words.join(" ");
  return { sought, unknown: null };
}

const statusOf = (value: string) => value.toLowerCase().replaceAll("-", "_");

/** Add one part to the search; return false for an unknown status. */
function readPart(name: string, value: string, sought: Sought): boolean {
  if (!value) return true;
  if (name !== "status") {
    const lower = name === "id" || name === "batch" ? value.toLowerCase() : value;
    sought[name as "tag"] = lower;
    return true;
  }
  const status = STATUSES.find((one) => one === statusOf(value));
  if (status) sought.status = status;
  return status !== undefined;
}

/**
 * Return the known word that is most similar: one of the two begins with the other, or they differ by one
 * letter or by the order of letters.
 */
function nearest<Word extends string>(word: string, known: readonly Word[]): Word | null {
  const letters = (text: string) => text.split("").sort().join("");
  const alike = (one: string) => {
    const most = Math.max(one.length, word.length);
    let begin = 0;
    while (begin < most && one[begin] === word[begin]) begin++;
    let end = 0;
    while (end < most - begin && one.at(-1 - end) === word.at(-1 - end)) end++;
    return begin + end >= most - 1 || letters(one) === letters(word);
  };
  if (word.length < 3) return null;
  const begins = (one: string) =>
    one.startsWith(word) || (word.startsWith(one) && word.length <= one.length + 2);
  return known.find(begins) ?? known.find(alike) ?? null;
}

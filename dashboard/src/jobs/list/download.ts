import { fetchPage, PAGE, type Job, type JobFilter } from "@/api/jobs/jobs";
import { stringify, type Json } from "@/lib/json";

/** A file with this number of jobs gets no further page. */
const MOST_ROWS = 20_000;
/** Maximum number of jobs that the API reads for one file: few jobs may match a text in errors or payloads. */
export const MOST_LOOKED = 100_000;

export const FORMATS = ["csv", "jsonl"] as const;
export type Format = (typeof FORMATS)[number];

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());

/** The fields of a job in a file: a name, the value of JSON lines, and the text of CSV if it is not the value's own. */
const FIELDS: readonly (readonly [string, (job: Job) => Json, ((job: Job) => string)?])[] = [
  ["id", (job) => job.id],
  ["type", (job) => job.type],
  ["status", (job) => job.status],
  ["attempts", (job) => job.attempts],
  ["max_attempts", (job) => job.maxAttempts],
  ["created_at", (job) => iso(job.createdAt)],
  ["started_at", (job) => iso(job.startedAt)],
  ["finished_at", (job) => iso(job.finishedAt)],
  ["next_attempt_at", (job) => iso(job.nextAttemptAt)],
  ["tenant", (job) => job.tenant],
  ["tags", (job) => job.tags, (job) => job.tags.join(" ")],
  ["idempotency_key", (job) => job.idempotencyKey],
  ["error_class", (job) => job.errorClass],
  ["error_message", (job) => job.errorMessage],
  ["payload", (job) => job.payload, (job) => stringify(job.payload)],
];

const text = (value: Json) => (value === null ? "" : typeof value === "string" ? value : stringify(value));

/**
 * Return a cell in the format of RFC 4180. An apostrophe is put before a text that a spreadsheet would run as
 * a formula.
 */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const row = (cells: readonly string[]) => cells.map(cell).join(",") + "\r\n";

/** Write jobs as a file with a header and a line for each job, or with a JSON object on each line. */
export function written(jobs: readonly Job[], format: Format): string {
  if (format === "csv") {
    const cells = (job: Job) => FIELDS.map(([, read, inCsv]) => inCsv?.(job) ?? text(read(job)));
    return row(FIELDS.map(([name]) => name)) + jobs.map((job) => row(cells(job))).join("");
  }
  const object = (job: Job) => Object.fromEntries(FIELDS.map(([name, read]) => [name, read(job)]));
  return jobs.map((job) => stringify(object(job)) + "\n").join("");
}

/**
 * Read the jobs of a filter, newest first, until the file is full or the API has read MOST_LOOKED; `more` is true if
 * there are older jobs.
 */
export async function everyJob(which: JobFilter): Promise<{ jobs: Job[]; looked: number; more: boolean }> {
  const jobs: Job[] = [];
  let [looked, cursor] = [0, null as string | null];
  do {
    const page = await fetchPage(which, PAGE, cursor);
    jobs.push(...page.jobs);
    looked += page.looked;
    cursor = page.nextCursor;
  } while (cursor !== null && jobs.length < MOST_ROWS && looked < MOST_LOOKED);
  return { jobs, looked, more: cursor !== null };
}

/** Let the browser save a text as a file. */
export function save(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

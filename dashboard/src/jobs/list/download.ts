import { fetchPage, type Job, type JobFilter } from "@/api/jobs/jobs";
import { stringify } from "@/lib/json";

/** Maximum number of jobs in one file. */
export const MOST_ROWS = 20_000;

export const FORMATS = ["csv", "jsonl"] as const;
export type Format = (typeof FORMATS)[number];

const iso = (at: number | null) => (at === null ? "" : new Date(at).toISOString());

const FIELDS: readonly (readonly [string, (job: Job) => string])[] = [
  ["id", (job) => job.id],
  ["type", (job) => job.type],
  ["status", (job) => job.status],
  ["attempts", (job) => String(job.attempts)],
  ["max_attempts", (job) => String(job.maxAttempts)],
  ["created_at", (job) => iso(job.createdAt)],
  ["started_at", (job) => iso(job.startedAt)],
  ["finished_at", (job) => iso(job.finishedAt)],
  ["next_attempt_at", (job) => iso(job.nextAttemptAt)],
  ["tenant", (job) => job.tenant ?? ""],
  ["tags", (job) => job.tags.join(" ")],
  ["idempotency_key", (job) => job.idempotencyKey ?? ""],
  ["error_class", (job) => job.errorClass ?? ""],
  ["error_message", (job) => job.errorMessage ?? ""],
  ["payload", (job) => stringify(job.payload)],
];

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
  const cells = (job: Job) => FIELDS.map(([, read]) => read(job));
  if (format === "csv")
    return row(FIELDS.map(([name]) => name)) + jobs.map((job) => row(cells(job))).join("");
  const object = (job: Job) => ({
    ...Object.fromEntries(FIELDS.map(([name, read]) => [name, read(job)])),
    tags: job.tags,
    payload: job.payload,
  });
  return jobs.map((job) => stringify(object(job)) + "\n").join("");
}

/** Read every job of a filter, newest first, at most MOST_ROWS; `more` is true if there are older jobs. */
export async function everyJob(which: JobFilter): Promise<{ jobs: Job[]; more: boolean }> {
  const jobs: Job[] = [];
  let cursor: string | null = null;
  do {
    const page = await fetchPage(which, 100, cursor);
    jobs.push(...page.jobs);
    cursor = page.nextCursor;
  } while (cursor !== null && jobs.length < MOST_ROWS);
  return { jobs: jobs.slice(0, MOST_ROWS), more: cursor !== null };
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

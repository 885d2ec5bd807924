import { createMany, keyOf } from "./batch.ts";
import { BatchNotEnded, BulkNotFinished, JobNotCompleted, MembersNotAdded, WaitTimeout } from "./errors.ts";
import { callOf, type Answered, type Sending } from "./request.ts";
import { segment, Transport, type Effects, type Options } from "./retry.ts";
import type {
  Answer,
  AnyPayloads,
  Batch,
  BatchedJob,
  BatchSettings,
  BulkAction,
  BulkTally,
  Creation,
  Input,
  JobDetail,
  JobFilter,
  JobRow,
  Method,
  NewJob,
  Open,
  Operation,
  PathOf,
  Query,
  Schemas,
  SubmittedJob,
  Which,
} from "./types.ts";

/** A job: its id, or anything that a method returned about the job. */
export type JobOrId = string | { id: string };
export interface Signal {
  signal?: AbortSignal | undefined;
}
export interface Traced extends Signal {
  /** The trace to which the new jobs belong: a header of W3C Trace Context. An invalid one is ignored. */
  traceparent?: string | undefined;
}
export interface Waiting extends Signal {
  /** Maximum milliseconds to wait; null: no limit. */
  timeoutMs?: number | null;
}
export interface Retrying {
  payload?: object | undefined;
  from?: string | undefined;
}
export interface Why {
  /** Why, for the audit log; no personal data. */
  reason?: string | undefined;
}
export interface OfValue {
  /** A value of the limit's field, such as a customer; without it, the limit or all values. */
  value?: string | undefined;
}
export interface BulkOptions extends Signal, Why {
  /** Only count. */
  dryRun?: boolean;
  /** Change nothing if more jobs would be changed than this number plus a tenth. */
  expected?: number;
}
/** Seconds from one point of a series to the next. */
export type Step = 60 | 300 | 3600 | 86400;
export type SeriesQuery = Omit<Query<"get", "/metrics/series">, "step"> & { step?: Step | undefined };
/** Which changes: `job`, `principal`, `action`, `bulk`, `created_after`, `created_before`, and how many in a page. */
export type AuditQuery = Omit<Query<"get", "/audit">, "cursor">;
/** Which counts of refusals: `principal`, `created_after`, `created_before`, and how many in a page. */
export type RefusalsQuery = Omit<Query<"get", "/audit/refusals">, "cursor">;
type ScheduleSettings = Omit<Open<Schemas["ScheduleSettings"]>, "version">;
type Verdict = "acknowledge" | "resolve" | "reopen";

/** Rows in a page of the audit log: the maximum of the API. */
const AUDIT_PAGE = 200;
/** Maximum number of ids in one request of a bulk action. */
const MOST_IDS = 100;
/**
 * Milliseconds between two reads during a wait: the first for a job and for a bulk action, the factor of growth,
 * and the longest.
 */
const [JOB_FIRST, BULK_FIRST, FACTOR, LONGEST] = [100, 250, 1.5, 5000];

/**
 * A client of one API. Every method raises ApiError if the API answers with an error, and NotReached if it does
 * not answer. `Payloads` are the payloads of a stage's job types: `components["schemas"]["Payloads"]` of the
 * stage's document.
 */
export class JobFlow<Payloads extends object = AnyPayloads> {
  readonly #transport: Transport;

  constructor(options: Options, effects?: Effects) {
    this.#transport = new Transport(options, effects);
  }

  /**
   * Create a job and return it. With the same key and body again, return the existing job; `existing` says why.
   */
  async submit<T extends keyof Payloads & string>(
    type: T,
    payload: Payloads[T],
    { key, signal, traceparent, ...more }: Creation & Traced = {},
  ): Promise<SubmittedJob> {
    const body = { type, payload: payload as Record<string, unknown>, ...more };
    const call = { body, key: keyOf(key), repeatable: true, signal, traceparent };
    const { body: job, headers, again } = await this.askFully("post", "/jobs", call);
    // If the request was sent again, its own first try made the job with this key.
    const replayed = headers.has("Idempotent-Replayed") && !again ? "key" : null;
    return { ...job, existing: (headers.get("Existing-Job") as SubmittedJob["existing"]) ?? replayed };
  }

  /**
   * Create any number of jobs and return one result for each, in the same order: `job` or `problem`, and `key`.
   * An error of the first request is raised. If a later request fails, its error is the `problem` of each job
   * that it did not create.
   */
  batch(jobs: Iterable<NewJob<Payloads>>, settings: Traced = {}): Promise<BatchedJob[]> {
    return createMany(this.#transport, jobs, settings);
  }

  /**
   * Create a batch of these jobs: when all of them have ended, a job of the type `then` is made. `on_failure` is the
   * type of the job that is made when the first one has failed, and `notify` names webhooks that get the end. A batch
   * that an earlier call with this `key` has closed is returned as it is. Raises MembersNotAdded if the API refuses a
   * job: the batch then stays open.
   */
  async startBatch(
    jobs: Iterable<NewJob<Payloads>>,
    { signal, traceparent, ...settings }: BatchSettings & Traced = {},
  ): Promise<Batch> {
    const made = await this.openBatch({ ...settings, signal, traceparent });
    if (made.newest.closed_at !== null) return this.getBatch(made, { signal });
    const results = await this.addToBatch(made, jobs, { signal, traceparent });
    if (results.some(({ problem }) => problem !== null)) throw new MembersNotAdded(made.id, results);
    const members = new Set(results.map(({ job }) => job?.id));
    return this.closeBatch(made, members.size, { signal });
  }

  /** Create a batch without members, to which several processes can add some; see `startBatch`. */
  openBatch({ signal, traceparent, ...settings }: BatchSettings & Traced = {}): Promise<Batch> {
    return this.ask("post", "/batches", {
      body: settings,
      key: keyOf(settings.key),
      repeatable: true,
      signal,
      traceparent,
    });
  }

  /** Add members to an open batch; return one result for each, as `batch` does. */
  addToBatch(batch: JobOrId, jobs: Iterable<NewJob<Payloads>>, settings: Traced = {}): Promise<BatchedJob[]> {
    return createMany(this.#transport, jobs, settings, idOf(batch, "batch"));
  }

  /** Close a batch: it has `total` members. Without the number, they are counted a minute or two later. */
  closeBatch(batch: JobOrId, total?: number, { reason, signal }: Signal & Why = {}): Promise<Batch> {
    const body = { ...(total === undefined ? {} : { total }), ...because(reason) };
    return this.ask("post", "/batches/{batch_id}/close", {
      ...ofBatch(batch),
      body,
      repeatable: true,
      signal,
    });
  }

  /** Close a batch and cancel its unfinished members, in the background; the job of `then` is still made. */
  cancelBatch(batch: JobOrId, { reason, signal }: Signal & Why = {}): Promise<Batch> {
    return this.ask("post", "/batches/{batch_id}/cancel", { ...ofBatch(batch), ...only(reason), signal });
  }

  /** Retry the failed members of a batch in the background, as a new round with its own job of `then`. */
  retryBatch(batch: JobOrId, { reason, signal }: Signal & Why = {}): Promise<Batch> {
    return this.ask("post", "/batches/{batch_id}/retry", { ...ofBatch(batch), ...only(reason), signal });
  }

  /** Return a batch with the numbers of each round. `iterate({ batch: id })` yields its members. */
  getBatch(batch: JobOrId, { signal }: Signal = {}): Promise<Batch> {
    return this.ask("get", "/batches/{batch_id}", { ...ofBatch(batch), signal });
  }

  /**
   * Wait until all rounds of a batch have ended, and return it; raises BatchNotEnded after `timeoutMs`. The job of
   * `then` exists by then, but may not have run yet.
   */
  waitBatch(batch: JobOrId, { timeoutMs = null, signal }: Waiting = {}): Promise<Batch> {
    const look = () => this.getBatch(batch, { signal });
    const over = ({ state }: Batch) => state === "ended";
    return this.#until(look, over, BULK_FIRST, BatchNotEnded, timeoutMs, signal);
  }

  /** Yield every batch with its newest round, newest first. */
  async *batches({ signal }: Signal = {}) {
    let cursor: string | undefined;
    do {
      const page: Schemas["BatchPage"] = await this.ask("get", "/batches", { query: { cursor }, signal });
      yield* page.batches;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Return a job with its payload, result and attempts. */
  get(job: JobOrId, { signal }: Signal = {}): Promise<JobDetail> {
    return this.ask("get", "/jobs/{job_id}", { ...named(job), signal });
  }

  /** Wait until a job has finished in any state, and return it; raises WaitTimeout after `timeoutMs`. */
  wait(job: JobOrId, { timeoutMs = 60_000, signal }: Waiting = {}): Promise<JobDetail> {
    return this.#finished(() => this.get(job, { signal }), JOB_FIRST, WaitTimeout, timeoutMs, signal);
  }

  /** Wait for a job and return its result; raises JobNotCompleted if the job has no result, or WaitTimeout. */

  async result<R = unknown>(job: JobOrId, waiting: Waiting = {}): Promise<R> {
    const found = await this.wait(job, waiting);
    if (found.status !== "completed") throw new JobNotCompleted(found);
    return found.result as R;
  }

  /**
   * Run a failed, dead-lettered or cancelled job again, with another payload if given. `from` is "start", or the name
   * of a kept step, sleep or wait: what was kept before it is not run again. The audit log stores the reason.
   */
  retry(
    job: JobOrId,
    { payload, from, reason, signal, ...unknown }: Signal & Why & Retrying = {},
  ): Promise<JobRow> {
    none(unknown);
    const body = {
      ...(payload === undefined ? {} : { payload: payload as Record<string, unknown> }),
      ...(from === undefined ? {} : { from }),
      ...because(reason),
    };
    return this.ask("post", "/jobs/{job_id}/retry", { ...named(job), body, signal });
  }

  /** Return what `retry` would keep, and what it would run anew; nothing is changed. */
  previewRetry(
    job: JobOrId,
    { from, signal, ...unknown }: Signal & Pick<Retrying, "from"> = {},
  ): Promise<Schemas["RetryPreview"]> {
    none(unknown);
    const query = from === undefined ? {} : { from };
    return this.ask("get", "/jobs/{job_id}/retry", { ...named(job), query, signal });
  }

  /**
   * Stop a job: a waiting job at once, a running job at its next check; with `descendants`, also the jobs that it
   * made. The audit log stores the reason.
   */
  cancel(
    job: JobOrId,
    { descendants = false, reason, signal, ...unknown }: Signal & Why & { descendants?: boolean } = {},
  ) {
    none(unknown);
    const body = { ...(descendants ? { descendants } : {}), ...because(reason) };
    return this.ask("post", "/jobs/{job_id}/cancel", {
      ...named(job),
      body,
      repeatable: descendants,
      signal,
    });
  }

  /** Run a scheduled or retrying job now instead of at its time; the audit log stores the reason. */
  runNow(job: JobOrId, { reason, signal }: Signal & Why = {}): Promise<JobRow> {
    return this.ask("post", "/jobs/{job_id}/run-now", { ...named(job), ...only(reason), signal });
  }

  /** Post an event to a job whose function waits for it. Only the first event with a name counts. */
  event(
    job: JobOrId,
    name: string,
    data: unknown = null,
    { reason, signal }: Signal & Why = {},
  ): Promise<JobRow> {
    const path = { ...named(job).path, name };
    return this.ask("post", "/jobs/{job_id}/events/{name}", {
      path,
      body: { data, ...because(reason) },
      repeatable: true,
      signal,
    });
  }

  /** Return the kept steps of a job, with its sleeps, waits and events, oldest first. */
  steps(job: JobOrId, { signal }: Signal = {}): Promise<Schemas["Steps"]> {
    return this.ask("get", "/jobs/{job_id}/steps", { ...named(job), signal });
  }

  /** Settle a failed or dead-lettered job without running it; the job stores the reason. */
  discard(job: JobOrId, reason = "", { signal }: Signal = {}): Promise<JobRow> {
    const body = reason ? { reason } : {};
    return this.ask("post", "/jobs/{job_id}/discard", { ...named(job), body, signal });
  }

  /**
   * Delete a finished job: nobody finds it any more, and the platform removes its rows and objects soon. A job that has
   * not ended is refused (409).
   */
  delete(job: JobOrId, { reason, signal }: Signal & Why = {}): Promise<Schemas["DeletedJob"]> {
    return this.ask("delete", "/jobs/{job_id}", {
      ...named(job),
      ...only(reason),
      repeatable: true,
      signal,
    });
  }

  /** Return one page of jobs, newest first; `next_cursor` is the cursor of the next page. */
  page(query: Query<"get", "/jobs"> = {}, { signal }: Signal = {}): Promise<Schemas["JobPage"]> {
    return this.ask("get", "/jobs", { query, signal });
  }

  /** Yield every job that matches, newest first, page by page. */
  async *iterate(filter: JobFilter = {}, { pageSize = 100, signal }: Signal & { pageSize?: number } = {}) {
    let cursor: string | undefined;
    do {
      const page: Schemas["JobPage"] = await this.page({ ...filter, limit: pageSize, cursor }, { signal });
      yield* page.jobs;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Yield the log lines of a job: the newest attempt first, and the lines of an attempt in order. */
  async *logs(job: JobOrId, { signal }: Signal = {}) {
    let cursor: string | undefined;
    do {
      const call = { ...named(job), query: { cursor }, signal };
      const page: Schemas["LogPage"] = await this.ask("get", "/jobs/{job_id}/logs", call);
      yield* page.lines;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Return the payload of an earlier run, if the job was then retried with another payload. */
  pastPayload(job: JobOrId, gen: number, { signal }: Signal = {}) {
    const path = { ...named(job).path, gen: String(gen) };
    return this.ask("get", "/jobs/{job_id}/payloads/{gen}", { path, signal });
  }

  /** Retry these jobs, all that match, or everything. */
  retryMany(which: Which, options: BulkOptions = {}): Promise<BulkTally> {
    return this.#bulk("retry", which, options);
  }

  /** Cancel these jobs, all that match, or everything. */
  cancelMany(which: Which, options: BulkOptions = {}): Promise<BulkTally> {
    return this.#bulk("cancel", which, options);
  }

  /** Retry every dead-lettered job of a type, or of all types: `{ everything: true }`. */
  redrive(
    which: { type: string } | { everything: true },
    { dryRun = false, expected, reason, signal, ...unknown }: BulkOptions = {},
  ): Promise<BulkTally> {
    none(unknown);
    which = which ?? {}; // eslint-disable-line @typescript-eslint/no-unnecessary-condition -- from JavaScript
    if ("type" in which === "everything" in which)
      throw new TypeError(
        "Select the dead letters by a type, or by { everything: true }: exactly one of the two.",
      );
    const type = "type" in which ? given({ type: which.type }) : {};
    return whole((cursor) => {
      const body = {
        ...type,
        dry_run: dryRun,
        expected: cursor === undefined ? expected : undefined,
        cursor,
        ...because(reason),
      };
      return this.ask("post", "/dead-letters/redrive", { body, repeatable: true, signal });
    });
  }

  /** Let the platform retry, cancel or discard these jobs, all that match, or everything, in the background. */
  startBulk(
    action: Schemas["StartBulk"]["action"],
    which: Which,
    {
      dryRun = false,
      expected,
      reason,
      edit,
      signal,
      ...unknown
    }: BulkOptions & { edit?: Schemas["StartBulk"]["edit"] } = {},
  ): Promise<BulkAction> {
    none(unknown);
    const body = {
      action,
      ...chosen(which),
      ...(dryRun && { dry_run: true }),
      ...(expected !== undefined && { expected }),
      ...(reason && { reason }),
      ...(edit && { edit }),
    };
    return this.ask("post", "/bulk", { body, repeatable: true, signal });
  }

  /** Wait until a bulk action has finished, and return it; raises BulkNotFinished after `timeoutMs`. */
  waitBulk(bulk: JobOrId, { timeoutMs = null, signal }: Waiting = {}): Promise<BulkAction> {
    return this.#finished(
      () => this.bulkAction(bulk, { signal }),
      BULK_FIRST,
      BulkNotFinished,
      timeoutMs,
      signal,
    );
  }

  /** Return a bulk action with its progress. */
  bulkAction(bulk: JobOrId, { signal }: Signal = {}): Promise<BulkAction> {
    return this.ask("get", "/bulk/{bulk_id}", { path: { bulk_id: idOf(bulk, "bulk action") }, signal });
  }

  /** Return the newest bulk actions. */
  async bulkActions({ signal }: Signal = {}): Promise<BulkAction[]> {
    return (await this.ask("get", "/bulk", { signal })).bulk_actions;
  }

  /** Stop a bulk action; finished changes stay. */
  stopBulk(bulk: JobOrId, { reason, signal }: Signal & Why = {}): Promise<BulkAction> {
    return this.ask("post", "/bulk/{bulk_id}/stop", {
      path: { bulk_id: idOf(bulk, "bulk action") },
      ...only(reason),
      repeatable: true,
      signal,
    });
  }

  /** Return every job type with the JSON Schema of its payload. */
  async jobTypes({ signal }: Signal = {}): Promise<Schemas["JobTypeRow"][]> {
    return (await this.ask("get", "/job-types", { signal })).job_types;
  }

  /** Return the ten tenants of a type with the most unfinished jobs. */
  tenants(type: string, { signal }: Signal = {}) {
    return this.ask("get", "/job-types/{job_type}/tenants", { path: { job_type: type }, signal });
  }

  /** Pause a job type; the reason is shown during the pause. */
  pause(type: string, reason = "", { signal }: Signal = {}) {
    const call = { path: { job_type: type }, repeatable: true, signal };
    return this.ask("post", "/job-types/{job_type}/pause", reason ? { ...call, body: { reason } } : call);
  }

  /** Resume a job type. */
  resume(type: string, { reason, signal }: Signal & Why = {}) {
    return this.ask("post", "/job-types/{job_type}/resume", {
      path: { job_type: type },
      ...only(reason),
      repeatable: true,
      signal,
    });
  }

  /** Return the last ended pauses of a type, newest first. */
  async pastPauses(type: string, { signal }: Signal = {}) {
    return (await this.ask("get", "/job-types/{job_type}/pauses", { path: { job_type: type }, signal }))
      .pauses;
  }

  /** Return every limit: what the code declares, what is changed, and values for which jobs wait. */
  limits({ signal }: Signal = {}): Promise<Schemas["LimitList"]> {
    return this.ask("get", "/limits", { signal });
  }

  /**
   * Return a limit with the jobs that have its places, and the first of those that wait. `value`: that of one value of
   * its field, such as a customer.
   */
  limit(name: string, { value, signal }: Signal & OfValue = {}): Promise<Schemas["LimitDetail"]> {
    return this.ask("get", "/limits/{limit_name}", { path: { limit_name: name }, query: { value }, signal });
  }

  /**
   * Change how many places a limit has (0 to 100), or how many jobs start at a rate in its period, until it is reset;
   * deployments do not end the change. `value`: only that of one value of its field. Without it, a limit with a field
   * is changed for all values.
   */
  setLimit(
    name: string,
    n: number,
    { value, reason, signal }: Signal & Why & OfValue = {},
  ): Promise<Schemas["LimitChanged"]> {
    return this.ask("put", "/limits/{limit_name}", {
      path: { limit_name: name },
      query: { value },
      body: reason ? { n, reason } : { n },
      repeatable: true,
      signal,
    });
  }

  /** Give a limit, or that of one value, the number that the code says again. */
  resetLimit(
    name: string,
    { value, reason, signal }: Signal & Why & OfValue = {},
  ): Promise<Schemas["LimitChanged"]> {
    return this.ask("delete", "/limits/{limit_name}", {
      path: { limit_name: name },
      query: { value },
      ...only(reason),
      repeatable: true,
      signal,
    });
  }

  /**
   * Erase all jobs of a tenant that exist now, in the background; only administrators may. `dryRun`: only count them.
   */
  erase(
    tenant: string,
    { reason, dryRun = false, signal }: Signal & Why & { dryRun?: boolean } = {},
  ): Promise<Schemas["ErasureRow"]> {
    const body = { tenant, ...(dryRun && { dry_run: true }), ...(reason && { reason }) };
    return this.ask("post", "/erasures", { body, signal });
  }

  /** Return an erasure with its progress, in numbers. */
  erasure(id: string, { signal }: Signal = {}): Promise<Schemas["ErasureRow"]> {
    return this.ask("get", "/erasures/{erasure_id}", { path: { erasure_id: id }, signal });
  }

  /** Return the newest 50 erasures. */
  async erasures({ signal }: Signal = {}): Promise<Schemas["ErasureRow"][]> {
    return (await this.ask("get", "/erasures", { signal })).erasures;
  }

  /** Return the sessions of people who have signed in, newest first; only administrators may read them. */
  async sessions({ signal }: Signal = {}): Promise<Schemas["SessionRow"][]> {
    return (await this.ask("get", "/sessions", { signal })).sessions;
  }

  /** End all sessions of a person (`oidc:…`) within ten seconds; return how many worked until now. */
  async revokeSessions(principal: string, { reason, signal }: Signal & Why = {}): Promise<number> {
    const body = { principal, ...(reason && { reason }) };
    return (await this.ask("post", "/sessions/revoke", { body, repeatable: true, signal })).sessions;
  }

  /** Yield the changes by persons and tokens, newest first; only administrators may read them. */
  async *audit(which: AuditQuery = {}, { signal }: Signal = {}) {
    let cursor: string | undefined;
    do {
      const query = { limit: AUDIT_PAGE, ...which, cursor };
      const page: Schemas["AuditPage"] = await this.ask("get", "/audit", { query, signal });
      yield* page.entries;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Yield how often callers were refused, by minute, caller and reason, newest first. */
  async *refusals(which: RefusalsQuery = {}, { signal }: Signal = {}) {
    let cursor: string | undefined;
    do {
      const query = { limit: AUDIT_PAGE, ...which, cursor };
      const page: Schemas["RefusalPage"] = await this.ask("get", "/audit/refusals", { query, signal });
      yield* page.refusals;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Yield every schedule by id, with its next and last firings. */
  async *schedules({ signal }: Signal = {}) {
    let after: string | undefined;
    do {
      const page: Schemas["SchedulePage"] = await this.ask("get", "/schedules", { query: { after }, signal });
      yield* page.schedules;
      after = page.next_after ?? undefined;
    } while (after !== undefined);
  }

  /** Return a schedule with its next and last firings. */
  schedule(id: string, { signal }: Signal = {}) {
    return this.ask("get", "/schedules/{schedule_id}", { ...scheduled(id), signal });
  }

  /** Return the next firings of a cron expression, without storing it. */
  async previewSchedule(query: Query<"get", "/schedules/preview">, { signal }: Signal = {}) {
    return (await this.ask("get", "/schedules/preview", { query, signal })).firings;
  }

  /**
   * Store a schedule; `cron` has five fields, and `settings` may contain, for example, `catch_up` and `overlap`.
   */
  createSchedule(id: string, settings: Omit<Open<Schemas["NewSchedule"]>, "id">, { signal }: Signal = {}) {
    return this.ask("post", "/schedules", { body: { id, ...settings }, signal });
  }

  /**
   * Replace all settings of a stored schedule. If you give the `version` that you have read, ApiError (409) is
   * raised if the settings were changed since then.
   */
  changeSchedule(
    id: string,
    settings: ScheduleSettings,
    { version, signal, ...unknown }: Signal & { version?: string } = {},
  ) {
    none(unknown);
    const body = { ...settings, ...(version !== undefined && { version }) };
    return this.ask("put", "/schedules/{schedule_id}", { ...scheduled(id), body, repeatable: true, signal });
  }

  /** Delete a stored schedule. */
  deleteSchedule(id: string, { reason, signal }: Signal & Why = {}) {
    return this.ask("delete", "/schedules/{schedule_id}", { ...scheduled(id), ...only(reason), signal });
  }

  /** Pause a schedule. */
  pauseSchedule(id: string, { reason, signal }: Signal & Why = {}) {
    return this.ask("post", "/schedules/{schedule_id}/pause", {
      ...scheduled(id),
      ...only(reason),
      repeatable: true,
      signal,
    });
  }

  /** Resume a paused schedule. */
  resumeSchedule(id: string, { reason, signal }: Signal & Why = {}) {
    return this.ask("post", "/schedules/{schedule_id}/resume", {
      ...scheduled(id),
      ...only(reason),
      repeatable: true,
      signal,
    });
  }

  /** Create a job of a schedule now, even if the schedule is paused. */
  runSchedule(
    id: string,
    { key, reason, signal, ...unknown }: Signal & Why & { key?: string } = {},
  ): Promise<JobRow> {
    none(unknown);
    const call = { ...scheduled(id), ...only(reason), key: keyOf(key), repeatable: true, signal };
    return this.ask("post", "/schedules/{schedule_id}/run", call);
  }

  /** Return the current numbers. */
  metrics({ signal }: Signal = {}) {
    return this.ask("get", "/metrics", { signal });
  }

  /** Return numbers over time, oldest point first: by default the last hour, a point every `step` seconds. */
  series({ step = 60, ...rest }: SeriesQuery, { signal }: Signal = {}) {
    const query = { ...rest, step: `${step}` as const };
    return this.ask("get", "/metrics/series", { query, signal });
  }

  /**
   * Return what jobs have cost, in billionths of a dollar, `by` type, tenant or day (whole days in UTC): by default of
   * the last 30 days. It is an estimate at list prices, without free allowances.
   */
  usage(query: Query<"get", "/usage"> = {}, { signal }: Signal = {}) {
    return this.ask("get", "/usage", { query, signal });
  }

  /** Return what needs attention, most urgent first. */
  async findings({ signal }: Signal = {}) {
    return (await this.ask("get", "/metrics/health", { signal })).findings;
  }

  /** Return failures in groups, most frequent first. */
  async errors(query: Query<"get", "/errors"> = {}, { signal }: Signal = {}) {
    return (await this.ask("get", "/errors", { query, signal })).groups;
  }

  /**
   * Mark an error group as known, resolved (it is shown as regressed if the error occurs again), or open again.
   */
  judge(fingerprint: string, verdict: Verdict, { reason, signal }: Signal & Why = {}) {
    return this.ask("post", `/errors/{fingerprint}/${verdict}`, {
      path: { fingerprint },
      ...only(reason),
      repeatable: true,
      signal,
    });
  }

  /** Upload a file and return its key for a payload. */
  async upload(file: Blob, { contentType = file.type, signal }: Signal & { contentType?: string } = {}) {
    // For a content type that the API refuses, its error names the allowed ones.
    const body = { content_type: contentType as Schemas["NewUpload"]["content_type"], bytes: file.size };
    const wanted = await this.ask("post", "/uploads", { body, signal });
    const form = new FormData();
    for (const [name, value] of Object.entries(wanted.fields)) form.append(name, value);
    form.append("file", file);
    await this.#transport.sendForm(wanted.url, form, signal);
    return wanted.key;
  }

  /** Return the id, role, label and expiry of the token. */
  me({ signal }: Signal = {}) {
    return this.ask("get", "/me", { signal });
  }

  /** Return the status sets and limits. */
  meta({ signal }: Signal = {}) {
    return this.ask("get", "/meta", { signal });
  }

  /** Send any request of the API's document and return its answer; the other methods use this method. */
  async ask<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    call: Input<Operation<M, P>> & Sending,
  ): Promise<Answer<Operation<M, P>>> {
    return (await this.askFully(method, path, call)).body;
  }

  /** Send a request like `ask`, and return the headers of the answer, too. */
  async askFully<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    call: Input<Operation<M, P>> & Sending,
  ): Promise<Answered<Answer<Operation<M, P>>> & { again: boolean }> {
    return (await this.#transport.send(callOf(method, path, call, segment))) as Awaited<
      ReturnType<typeof this.askFully<M, P>>
    >;
  }

  #bulk(
    action: "retry" | "cancel",
    which: Which,
    { dryRun = false, expected, reason, signal, ...unknown }: BulkOptions,
  ): Promise<BulkTally> {
    none(unknown);
    const part = chosen(which);
    const post = (more: Partial<Open<Schemas["Bulk"]>>) =>
      this.ask("post", "/jobs/bulk", {
        body: { action, dry_run: dryRun, ...because(reason), ...more },
        repeatable: true,
        signal,
      });
    if (!("ids" in part))
      return whole((cursor) =>
        post({ ...part, cursor, expected: cursor === undefined ? expected : undefined }),
      );
    const { ids } = part;
    const listed = new Set(ids).size;
    if (expected !== undefined && listed > expected)
      throw new RangeError(`${listed} jobs are listed, and ${expected} were expected.`);
    return this.#listed(ids, post);
  }

  async #listed(
    ids: readonly string[],
    post: (part: { ids: readonly string[] }) => Promise<Schemas["BulkAnswer"]>,
  ) {
    let sum: BulkTally = { matched: 0, done: 0, skipped: [] };
    for (let start = 0; start < ids.length; start += MOST_IDS)
      sum = add(sum, await post({ ids: ids.slice(start, start + MOST_IDS) }));
    return sum;
  }

  #finished<T extends { finished_at: string | null }>(
    look: () => Promise<T>,
    pause: number,
    late: new (last: T, timeoutMs: number) => Error,
    timeoutMs: number | null,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return this.#until(look, (found) => found.finished_at !== null, pause, late, timeoutMs, signal);
  }

  async #until<T>(
    look: () => Promise<T>,
    over: (found: T) => boolean,
    pause: number,
    late: new (last: T, timeoutMs: number) => Error,
    timeoutMs: number | null,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { effects } = this.#transport;
    const begun = effects.now();
    for (;;) {
      const found = await look();
      if (over(found)) return found;
      const left = timeoutMs === null ? Infinity : timeoutMs - (effects.now() - begun);
      if (left <= 0) throw new late(found, timeoutMs ?? 0);
      await effects.sleep(Math.min(pause, left), signal);
      pause = Math.min(LONGEST, pause * FACTOR);
    }
  }
}

/** Follow all pages of a bulk action and return their sum. */
async function whole(
  page: (cursor: string | undefined) => Promise<Schemas["BulkAnswer"]>,
): Promise<BulkTally> {
  let sum: BulkTally = { matched: 0, done: 0, skipped: [] };
  let cursor: string | undefined;
  for (;;) {
    const step = await page(cursor);
    sum = add(sum, step);
    if (!step.more || step.next_cursor === null) return sum;
    cursor = step.next_cursor;
  }
}

function add(sum: BulkTally, step: BulkTally): BulkTally {
  const skipped = [...sum.skipped, ...step.skipped];
  return { matched: sum.matched + step.matched, done: sum.done + step.done, skipped };
}

/**
 * Return the selection of jobs for an action on many; raises TypeError unless the selection is explicit. A
 * variable that is undefined, or a missing argument, must not select every job of the stage.
 */
function chosen(which: Which): Which {
  const said = Object.entries((which as Record<string, unknown> | undefined) ?? {}).filter(
    ([, value]) => value !== undefined,
  );
  const [name, value] = said[0] ?? [];
  const clear =
    said.length === 1 &&
    ((name === "ids" && Array.isArray(value)) ||
      (name === "everything" && value === true) ||
      (name === "filter" &&
        typeof value === "object" &&
        value !== null &&
        Object.keys(given(value)).length > 0));
  if (!clear)
    throw new TypeError(
      "Select the jobs by { ids }, by { filter } with a condition, or by { everything: true }: exactly one of the three.",
    );
  return which;
}

/** Return the conditions; raises TypeError if one of them has no value. */
function given<T extends object>(conditions: T): T {
  for (const [name, value] of Object.entries(conditions))
    if (value === undefined || value === null)
      throw new TypeError(`${name} is ${value}: omit it or give a value.`);
  return conditions;
}

/** Raise TypeError for an option that no method has: `dry_run` in place of `dryRun` must not change the jobs. */
function none(unknown: object): void {
  const [name] = Object.keys(unknown);
  if (name !== undefined)
    throw new TypeError(`${name} is not an option of this method; options are in camelCase, such as dryRun.`);
}

function idOf(thing: JobOrId, what: "job" | "batch" | "bulk action"): string {
  const id: unknown = typeof thing === "string" ? thing : (thing as { id?: unknown } | undefined)?.id;
  if (typeof id === "string") return id;
  throw new TypeError(`Give the id of a ${what}, or what a method returned about it.`);
}

function because(reason: string | undefined) {
  return reason ? { reason } : {};
}

/** Return a body with nothing but the reason; without it none, because an older API accepts no body. */
function only(reason: string | undefined) {
  return reason ? { body: { reason } } : {};
}

function named(job: JobOrId) {
  return { path: { job_id: idOf(job, "job") } };
}

function ofBatch(batch: JobOrId) {
  return { path: { batch_id: idOf(batch, "batch") } };
}

function scheduled(id: string) {
  return { path: { schedule_id: id } };
}

import type { Batch, BatchedJob, BulkAction, FieldProblem, JobDetail } from "./types.ts";

/** The base of all errors of this client. */
export class JobFlowError extends Error {}

/** The address or the token cannot be used. */
export class ConfigurationError extends JobFlowError {
  override name = "ConfigurationError";
}

/** The API did not answer; it may have handled the request. `cause` is the error of `fetch`. */
export class NotReached extends JobFlowError {
  override name = "NotReached";
}

/** The answer is not from the API: another program may listen at this address. */
export class UnexpectedAnswer extends JobFlowError {
  override name = "UnexpectedAnswer";
}

/** The parts of an error answer, from the API or from the gateway in front of the API; some may be missing. */
export interface Refusal {
  type?: string | undefined;
  title?: string | undefined;
  detail?: string | undefined;
  errors?: readonly FieldProblem[] | undefined;
  correlationId?: string | null | undefined;
  retryAfter?: number | null | undefined;
}

/** The API answered with an error. */
export class ApiError extends JobFlowError {
  override name = "ApiError";
  /** The problem's URN, such as `urn:jobflow:problem:job-not-found`; `about:blank` if the problem has no name. */
  declare readonly type: string;
  /** The end of the URN, such as `job-not-found`; null if the problem has no name. */
  declare readonly kind: string | null;
  declare readonly title: string;
  /** A sentence for people. */
  declare readonly detail: string;
  /** Each wrong field. */
  declare readonly errors: readonly FieldProblem[];
  /** The id with which the request can be found in the logs. */
  declare readonly correlationId: string | null;
  /** Seconds until the next try, if the API gave them. */
  declare readonly retryAfter: number | null;

  constructor(
    readonly status: number,
    {
      type = "about:blank",
      title = `HTTP ${status}`,
      detail = title,
      errors = [],
      correlationId = null,
      retryAfter = null,
    }: Refusal = {},
  ) {
    super([detail, ...errors.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`)].join("\n  "));
    const kind = type.split(":problem:")[1] ?? null;
    Object.assign(this, { type, kind, title, detail, errors, correlationId, retryAfter });
  }
}

/** The job had not finished in the given time; `job` is its last known state. */
export class WaitTimeout extends JobFlowError {
  override name = "WaitTimeout";
  constructor(
    readonly job: JobDetail,
    timeoutMs: number,
  ) {
    super(`Job ${job.id} is still ${job.status} after ${timeoutMs / 1000} s.`);
  }
}

/** The job ended without a result: it failed, was dead-lettered or cancelled; `job` is its last state. */
export class JobNotCompleted extends JobFlowError {
  override name = "JobNotCompleted";
  constructor(readonly job: JobDetail) {
    const why = job.error_class ? `: ${job.error_class}: ${job.error_message ?? ""}` : "";
    super(`Job ${job.id} (${job.type}) is ${job.status}${why}`);
  }
}

/** The batch had not ended in the given time. Its members continue; `batch` is its last known state. */
export class BatchNotEnded extends JobFlowError {
  override name = "BatchNotEnded";
  constructor(
    readonly batch: Batch,
    timeoutMs: number,
  ) {
    const { done, total } = batch.newest;
    super(
      `Batch ${batch.id} is still ${batch.state} after ${timeoutMs / 1000} s: ${done} of ${total ?? "?"} members have ended.`,
    );
  }
}

/**
 * Some jobs are not members of the batch, which stays open; `results` are those of all jobs. Correct the jobs and
 * call `startBatch` again with the same key: members that exist are found.
 */
export class MembersNotAdded extends JobFlowError {
  override name = "MembersNotAdded";
  constructor(
    readonly batch: string,
    readonly results: readonly BatchedJob[],
  ) {
    const wrong = results.filter(({ problem }) => problem !== null);
    const [first] = wrong;
    const place = first ? results.indexOf(first) : 0;
    super(
      `${wrong.length} of ${results.length} jobs were not added to the batch ${batch}. The first is number ${place}: ` +
        (first?.problem?.detail ?? ""),
    );
  }
}

/** The bulk action had not finished in the given time. It continues; `bulk` is its last known state. */
export class BulkNotFinished extends JobFlowError {
  override name = "BulkNotFinished";
  constructor(
    readonly bulk: BulkAction,
    timeoutMs: number,
  ) {
    super(
      `Bulk action ${bulk.id} is still ${bulk.state} after ${timeoutMs / 1000} s: ${bulk.matched} jobs until then.`,
    );
  }
}

import type { BulkAction, FieldProblem, JobDetail } from "./types.ts";

/** The base of all errors of this client. */
export class JobFlowError extends Error {}

/** The address or the token cannot be used. */
export class ConfigurationError extends JobFlowError {
  override name = "ConfigurationError";
}

/** The API did not answer; it may have done what it was asked. `cause` is what `fetch` said. */
export class NotReached extends JobFlowError {
  override name = "NotReached";
}

/** The answer is not one of the API: another program may listen at this address. */
export class UnexpectedAnswer extends JobFlowError {
  override name = "UnexpectedAnswer";
}

/** The parts of a refusal that the API or the gateway before it told; what it did not tell may be left out. */
export interface Refusal {
  type?: string | undefined;
  title?: string | undefined;
  detail?: string | undefined;
  errors?: readonly FieldProblem[] | undefined;
  correlationId?: string | null | undefined;
  retryAfter?: number | null | undefined;
}

/** The API refused or failed. */
export class ApiError extends JobFlowError {
  override name = "ApiError";
  /** The problem's URN, such as `urn:jobflow:problem:job-not-found`; `about:blank` when it has no name. */
  declare readonly type: string;
  /** The end of the URN, such as `job-not-found`; null when the problem has no name. */
  declare readonly kind: string | null;
  declare readonly title: string;
  /** A sentence for people. */
  declare readonly detail: string;
  /** Each wrong field. */
  declare readonly errors: readonly FieldProblem[];
  /** Finds the request in the logs. */
  declare readonly correlationId: string | null;
  /** Seconds until another try makes sense, if the API said so. */
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

/** The job had not finished in the given time; `job` is its last state. */
export class WaitTimeout extends JobFlowError {
  override name = "WaitTimeout";
  constructor(
    readonly job: JobDetail,
    timeoutMs: number,
  ) {
    super(`Job ${job.id} is ${job.status} after ${timeoutMs / 1000} s.`);
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

/** The bulk action had not finished in the given time, and goes on; `bulk` is its last state. */
export class BulkNotFinished extends JobFlowError {
  override name = "BulkNotFinished";
  constructor(
    readonly bulk: BulkAction,
    timeoutMs: number,
  ) {
    super(
      `Bulk action ${bulk.id} is ${bulk.state} after ${timeoutMs / 1000} s: ${bulk.matched} jobs until then.`,
    );
  }
}

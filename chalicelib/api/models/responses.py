"""Declare the answers of the API. Times are ISO 8601 in UTC with milliseconds and a Z."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.access.tokens import Role
from chalicelib.cold_start import IN_LAMBDA
from chalicelib.jobs.constants import MOST_HISTORY
from chalicelib.jobs.job import JSON, Status
from chalicelib.jobs.priority import PriorityName

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-25T00:42:39.123Z"])]


class Answer(BaseModel):
    """An answer's body."""

    # An answer that does not match its model is a bug in this API, and the error must not write the answer's content
    # into the log. The API document says that every field is always sent, possibly as null, so clients need not check
    # for missing fields.
    model_config = ConfigDict(
        extra="forbid", hide_input_in_errors=True, defer_build=IN_LAMBDA,
        json_schema_serialization_defaults_required=True,
    )  # fmt: skip


class Health(Answer):
    """The answer of a running API."""

    status: Literal["ok"] = "ok"


class Me(Answer):
    """The id, role, label and expiry of a token."""

    id: str = Field(
        description="The principal: the token's id in `jobflow token list`, which stays when the token is rotated. It "
        "cannot be used to call the API"
    )
    role: Role
    label: str
    expires_at: Time | None = Field(
        description="When this token expires, or, if it was rotated, when its overlap ends; null: never"
    )
    types: list[str] | None = Field(
        None, description="The job types that it may touch, such as `email.send` or `report.*`; null: all"
    )
    tenants: list[str] | None = Field(None, description="The tenants whose jobs it may touch; null: all")
    payloads: bool = Field(True, description="Whether it may read payloads, results, error messages, steps and logs")
    personal: bool = Field(
        True, description="Whether it may see the values of personal fields; other callers see `[personal]`"
    )


class Progress(Answer):
    """The progress that a running job reported."""

    percent: float
    note: str | None


class Discarded(Answer):
    """The discard of a job: time, operator, reason."""

    at: Time
    by: str
    reason: str | None


class WaitsFor(Answer):
    """Describe the wait of a suspended job, and since when it waits."""

    event: str | None = Field(description="The name of the event; null for a sleep and for a called job")
    job: str | None = Field(None, description="The id of the called job whose end it waits for; null otherwise")
    since: Time
    until: Time = Field(
        description="The end of the sleep, the time at which the wait for the event times out, or the time at which "
        "the job looks by itself whether the called job has ended"
    )


class StepRow(Answer):
    """A kept step of a job: what its function has done, the end of a sleep or a wait, an event, or a failed try.

    `version` is the version of the run; `stop` is the place at which the function learned that the job must stop.
    """

    kind: Literal["step", "sleep", "wait", "call", "event", "now", "uuid", "try", "version", "stop"]
    name: str
    kept_at: Time
    value: JSON = Field(
        description="What the step returned, the event's data, or the error of a try; null if it is larger than "
        "500 bytes"
    )
    took_s: float | None = Field(description="Seconds for which the step ran")
    until: Time | None = Field(
        description="The end of a sleep, the time at which a wait times out, or the time of the next try"
    )
    by: str | None = Field(description="Who posted the event")
    timed_out: bool = Field(description="Whether the wait for this event timed out")


class Steps(Answer):
    """The kept steps of a job, oldest first."""

    steps: list[StepRow] = Field(description="The newest 1,000")
    older: bool = Field(description="Whether there are steps before those")


class JobRow(Answer):
    """A job, as in a list."""

    id: str
    type: str
    status: Status
    payload: JSON = Field(
        description="null in lists if it is larger than 500 bytes or has replaced an earlier payload (a retry with "
        "another payload, a debounced job), and for a single job if payload and result are too large for one answer "
        "(6 MB); `payload_bytes` is its size"
    )
    payload_bytes: int
    payload_removed_at: Time | None = Field(
        None,
        description="When payload, result and steps were removed, for a type with `keep`: it cannot be retried then",
    )
    attempts: int
    max_attempts: int
    gen: int = Field(description="1 at creation; +1 at each manual retry and each replacement of a debounced job")
    error_message: str | None
    error_class: str | None
    fingerprint: str | None = Field(
        description="The fingerprint of its last error in GET /errors, until it completes or is retried by hand"
    )
    idempotency_key: str | None
    created_at: Time
    updated_at: Time
    started_at: Time | None
    finished_at: Time | None
    next_attempt_at: Time | None
    waits_for: WaitsFor | None = Field(None, description="For a suspended job; null otherwise")
    steps: int = Field(0, description="Kept steps, as of the last attempt that ended; GET /jobs/{job_id}/steps")
    expires_at: Time | None = Field(
        None, description="A job that has not begun by then is cancelled; null: never, or it has begun"
    )
    on_end: str | None = Field(None, description="The type of the job that is made when this job has ended")
    notify: list[str] = Field(default_factory=list, description="The webhooks that are told when this job has ended")
    priority: PriorityName = Field("normal", description="Its rank in the lines of limits")
    give_up_at: Time | None = Field(description="The time from which no retry begins, for a type with `give_up_after`")
    result: JSON = Field(description="null in lists if it is larger than 500 bytes")
    progress: Progress | None
    tags: list[str]
    tenant: str | None = Field(None, description="The tenant of the job, for a type with `fair_by` or `serial_by`")
    parent: str | None = Field(None, description="The job that made it")
    batch: str | None = Field(None, description="The batch that it is a member of")
    round: int | None = Field(None, description="Its round in the batch: a retry moves it to a new one")
    correlation_id: str
    cancel_requested: bool
    discarded: Discarded | None = Field(
        description="Who settled a failed job without running it, when and why; null otherwise"
    )


class AttemptRow(Answer):
    """One attempt to run a job."""

    gen: int
    attempt: int = Field(
        description="Attempts charged so far; a deferred attempt is not charged, so its number is used again"
    )
    claim: int = Field(description="Number of the claim in this run; only grows")
    outcome: Literal["completed", "error", "permanent_error", "deferred", "cancelled", "lost", "running"]
    started_at: Time
    finished_at: Time | None
    duration_ms: int | None
    cost_nano_usd: int | None = Field(
        None,
        description="About what it has cost at list prices of us-east-1, in billionths of a dollar; null while it "
        "runs, if its end is unknown, or for a type that is no longer declared",
    )
    error_class: str | None
    error_message: str | None
    stack: str | None
    request_id: str | None
    cold_start: bool | None
    receive_count: int | None
    retry_delay_s: float | None
    progress: Progress | None = Field(description="The last reported progress; null for a completed attempt")


class NextAttempt(Answer):
    """An attempt that follows if the previous one fails; the waits are in seconds from the end of the previous one."""

    attempt: int
    earliest: int
    latest: int


class RetryPreview(Answer):
    """List what a retry would keep and run anew, as far as the job has run before."""

    kept: list[StepRow] = Field(description="The newest 1,000 rows that the retry would keep, oldest first")
    older: bool = Field(description="Whether the retry would keep rows before those")
    anew: list[str] = Field(description="Steps, sleeps and waits that would run anew, in their order")
    events: list[str] = Field(description="Events that would not count any more: their waits would wait again")
    places: list[str] = Field(description="From where the job can be retried, besides `start`, in their order")


class OperatorAction(Answer):
    """An operator's action on the job."""

    action: Literal["retry", "cancel", "run-now", "discard"]
    at: Time
    by: str = Field(description="The label of the token")
    gen: int = Field(description="The run of the action; a retry belongs to the run that it began")
    edited: bool = Field(description="Retried with another payload: GET /jobs/{id}/payloads/{gen - 1} has the old one")
    in_bulk: bool = Field(description="By a bulk action, or a request for many jobs")
    bulk: str | None = Field(
        None,
        description="The id of the bulk action, or of the request for many jobs: `GET /audit?bulk=` shows who it was",
    )


class PastPayload(Answer):
    """The payload of an earlier run, before a retry changed the payload."""

    gen: int
    payload: JSON


class JobDetail(JobRow):
    """A job with the history of its attempts."""

    attempt_history: list[AttemptRow] = Field(
        description=f"The newest {MOST_HISTORY}, oldest first, and the running one"
    )
    older_attempts: bool = Field(False, description="Whether there were attempts before those of attempt_history")
    actions: list[OperatorAction] = Field(description="The operators' actions, oldest first")
    schedule: str | None = Field(None, description="The schedule that made it")
    fires_at: Time | None = Field(None, description="The firing time of its schedule")
    root: str | None = Field(None, description="The first job of the chain of parents")
    trace_id: str | None = Field(None, description="The trace to which it belongs; null: to none")
    trace_url: str | None = Field(
        None, description="Where the trace is shown, if the stage's parameter TraceUrl says so; null otherwise"
    )
    cost_nano_usd: int | None = Field(
        None,
        description="About what the job has cost at list prices of us-east-1, in billionths of a dollar: its request, "
        "the attempts in the list, its steps, and keeping it for 30 days; without the time of runs that ended with a "
        "sleep or another wait; null for a type that is no longer declared",
    )
    why: str | None = Field(description="Why it waits, in one sentence; null if it does not wait")
    next_attempts: list[NextAttempt] | None = Field(
        None,
        description="The attempts that are left if the running or the next one fails, with their waits from "
        "the type's `retry`; null for a type that is no longer declared",
    )


class JobPage(Answer):
    """A page of jobs, newest first. A page may have fewer jobs than `limit` although a next page exists."""

    jobs: list[JobRow]
    total: int | None = Field(
        description="Number of matching jobs, a few seconds old; null if filtered by more than status and type"
    )
    limit: int
    offset: int
    next_cursor: str | None
    looked: int = Field(description="Jobs read for this page; with `error` or `payload` more than the page contains")


class FieldProblem(Answer):
    """A problem of one field."""

    loc: list[str | int]
    msg: str


class Problem(Answer):
    """RFC 9457 problem details."""

    # These fields are not required in the API document, because an error response omits fields without a value. In a
    # problem of a batch's result, such fields are null.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = Field(None, description="The first 20 errors")
    errors_total: int | None = Field(None, description="Number of errors")
    correlation_id: str | None = None


class UploadForm(Answer):
    """A form to upload a file with POST: send all of these fields, then the file as the field `file`."""

    url: str
    fields: dict[str, str]
    key: str
    max_bytes: int
    expires_at: Time


class Paused(Answer):
    """The state of a type's queue: paused or not."""

    type: str
    paused: bool
    types: list[str] = Field([], description="The types of the queue: several types may share one")

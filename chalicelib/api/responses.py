"""What answers look like. Times are ISO 8601 in UTC with milliseconds and a Z."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.access.tokens import Role
from chalicelib.jobs.job import JSON, Status

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-25T00:42:39.123Z"])]


class Answer(BaseModel):
    """An answer's body."""

    # an answer that does not fit is a bug of ours: what it held must not get into the log
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Health(Answer):
    """The API runs."""

    status: Literal["ok"] = "ok"


class Me(Answer):
    """Who the token is."""

    role: Role
    label: str


class Progress(Answer):
    """How far a running job says it is."""

    percent: float
    note: str | None


class JobRow(Answer):
    """A job, as in a list."""

    id: str
    type: str
    status: Status
    payload: JSON = Field(description="null in lists when it is larger than 500 bytes")
    payload_bytes: int
    attempts: int
    max_attempts: int
    gen: int = Field(description="1 at creation, one more at each manual retry")
    error_message: str | None
    error_class: str | None
    fingerprint: str | None = Field(
        description="The name of its last error, as in GET /errors, until it completes or is retried by hand"
    )
    idempotency_key: str | None
    created_at: Time
    updated_at: Time
    started_at: Time | None
    finished_at: Time | None
    next_attempt_at: Time | None
    result: JSON = Field(description="null in lists when it is larger than 500 bytes")
    progress: Progress | None
    tags: list[str]
    correlation_id: str
    cancel_requested: bool


class AttemptRow(Answer):
    """One try at a job."""

    gen: int
    attempt: int = Field(
        description="Attempts charged so far; a deferred one is not charged, so its number comes again"
    )
    claim: int = Field(description="Number of the claim in this run; only grows. 0 in records of older versions")
    outcome: Literal["completed", "error", "permanent_error", "deferred", "cancelled", "lost", "running"]
    started_at: Time
    finished_at: Time | None
    duration_ms: int | None
    error_class: str | None
    error_message: str | None
    stack: str | None
    request_id: str | None
    cold_start: bool | None
    receive_count: int | None
    retry_delay_s: float | None


class JobDetail(JobRow):
    """A job with the history of its attempts."""

    attempt_history: list[AttemptRow]
    why: str | None = Field(description="Why it waits, in one sentence; null when it does not")


class JobPage(Answer):
    """A page of jobs, newest first. It may be shorter than `limit` and still have a next one."""

    jobs: list[JobRow]
    total: int | None = Field(
        description="As last counted, a few seconds old; null when filtered by more than status and type"
    )
    limit: int
    offset: int
    next_cursor: str | None


class FieldProblem(Answer):
    """What is wrong with one field."""

    loc: list[str | int]
    msg: str


class Problem(Answer):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = Field(None, description="The first 20")
    errors_total: int | None = Field(None, description="How many there are")
    correlation_id: str | None = None


class BatchResult(Answer):
    """What became of one job of a batch: a job with 201 or 200, a problem with 4xx; 503 if it could not be stored."""

    status: int
    job: JobRow | None = None
    problem: Problem | None = None


class BatchAnswer(Answer):
    """One result for each job, in their order."""

    results: list[BatchResult]


class Skipped(Answer):
    """A job that a bulk action left alone."""

    id: str
    reason: str


class BulkAnswer(Answer):
    """What a bulk action did. While `more` is true, the same request with this cursor goes on."""

    matched: int
    done: int
    skipped: list[Skipped]
    more: bool
    next_cursor: str | None = Field(description="Where to go on; null at the end, and for a list of ids")


class UploadForm(Answer):
    """A form to POST a file with: all fields, then the file as the field `file`."""

    url: str
    fields: dict[str, str]
    key: str
    max_bytes: int
    expires_at: Time


class JobTypeRow(Answer):
    """A job type."""

    type: str
    title: str
    description: str
    schema_: dict[str, Any] = Field(alias="schema", serialization_alias="schema")
    example: JSON
    max_attempts: int
    retry_waits: list[float] = Field(
        description="Longest wait in seconds before attempt 2, 3, ... up to the most attempts a job may ask for"
    )
    timeout: int
    budget: float
    batch_size: int
    concurrency: int
    memory: int
    retired: bool = Field(description="It takes no new jobs; those it has are worked off")


class JobTypes(Answer):
    """Every job type."""

    job_types: list[JobTypeRow]


class Paused(Answer):
    """Whether a type's queue is worked off."""

    type: str
    paused: bool


class Numbers(Answer):
    """The eight numbers, and jobs by status."""

    total_jobs: int
    active_jobs: int = Field(description="queued, processing and retrying")
    completed_jobs: int
    failed_jobs: int
    dead_letter_jobs: int
    queue_length: int = Field(
        description="Messages that wait, as SQS counts; with more than three job types, the jobs that wait"
    )
    retry_queue_length: int = Field(description="Jobs that wait for another attempt")
    dlq_length: int = Field(
        description="Messages in dead-letter queues, as SQS counts; with more than three job types, their jobs"
    )
    by_status: dict[Status, int]


class TypeNumbers(Numbers):
    """The numbers of one job type."""

    oldest_queued_age_s: float | None = Field(
        description="Seconds that the oldest queued job has waited: within 3 s for the first 15 minutes, 30 s up to "
        "4 hours, half an hour beyond; null when none is queued"
    )
    in_flight: int = Field(description="Messages with a worker, or backing off: SQS counts both alike")
    paused: bool = Field(description="Whether its queue is not worked off until somebody resumes it")


class MetricsAnswer(Numbers):
    """The numbers of the platform. Counters are a few seconds old, queue lengths up to a minute (SQS)."""

    by_type: dict[str, TypeNumbers]
    as_of: Time

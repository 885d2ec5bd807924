"""Declare bodies and queries of requests. The OpenAPI document uses these and `responses.py`."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.api.constants import (
    JOBS_ON_PAGE,
    LARGEST_EDIT,
    LARGEST_UPLOAD,
    LONGEST_PATH,
    LONGEST_PLACE,
    LONGEST_SEARCH,
    MOST_EDITED,
    MOST_IN_BATCH,
    MOST_IN_BULK,
    MOST_JOBS_ON_PAGE,
)
from chalicelib.api.models.fields import (
    BatchId,
    Body,
    Cursor,
    Expires,
    Fingerprint,
    IdPrefix,
    JobId,
    KeptKey,
    Key,
    Moment,
    OnEnd,
    OwnTag,
    ParentId,
    Query,
    Ranked,
    Reasoned,
    Round,
    ScheduleId,
    Tag,
    Tenant,
    TypeName,
    WebhookName,
    Whole,
    Why,
)
from chalicelib.job_types.constants import MAX_ATTEMPTS_CAP
from chalicelib.jobs.constants import MAX_DELAY, MOST_NOTIFIED, MOST_TAGS
from chalicelib.jobs.job import Status
from chalicelib.keys.constants import LONGEST_DEBOUNCE


class NoBody(Body):
    """A request without a required body; an empty body and {} are the same."""


class ReasonOnly(Reasoned):
    """Options of a change: only its reason."""


class NewDebounce(Body):
    """A key under which later requests replace a waiting job."""

    key: Key = Field(description="With the same token and job type, the last request before the time decides.")
    seconds: int = Field(ge=1, le=LONGEST_DEBOUNCE, description="It runs this many seconds after the last request.")


class NewJob(Body):
    """A job to run."""

    type: TypeName = Field(description="One of GET /job-types.", examples=["email.send"])
    payload: dict[str, Any] = Field(description="The payload in the job type's schema.")
    max_attempts: int | None = Field(None, ge=1, le=MAX_ATTEMPTS_CAP, description="Default: the job type's.")
    delay_seconds: int | None = Field(None, ge=0, le=MAX_DELAY, description="Not before this many seconds from now.")
    run_at: Moment | None = Field(None, description="Not before this time, at most a year ahead.")
    tags: list[OwnTag] = Field(
        default_factory=list, max_length=MOST_TAGS, description="Used for search. None may begin with `schedule:`."
    )
    expires_seconds: Expires | None = None
    on_end: OnEnd | None = None
    notify: list[WebhookName] = Field(
        default_factory=list,
        max_length=MOST_NOTIFIED,
        description="Webhooks that are told when it has ended.",
        examples=[[]],
    )
    priority: Ranked = "normal"
    debounce: NewDebounce | None = Field(None, description="Excludes delay_seconds and run_at.")

    @field_validator("run_at")
    @classmethod
    def _one_time(cls, run_at: float | None, info: ValidationInfo) -> float | None:
        if run_at is not None and info.data.get("delay_seconds") is not None:
            raise PydanticCustomError("one_time", "give delay_seconds or run_at, not both")
        return run_at

    @field_validator("debounce")
    @classmethod
    def _no_other_time(cls, debounce: NewDebounce | None, info: ValidationInfo) -> NewDebounce | None:
        if debounce is not None and any(info.data.get(name) is not None for name in ("delay_seconds", "run_at")):
            raise PydanticCustomError("one_time", "debounce cannot be combined with delay_seconds or run_at")
        return debounce


class NewJobInBatch(NewJob):
    """A job of a batch, with its own key."""

    idempotency_key: Key | None = Field(None, description="Like the header Idempotency-Key of POST /jobs.")


class NewBatch(Body):
    """Several jobs in one request; each is checked on its own and has its own answer."""

    jobs: list[dict[str, Any]] = Field(
        min_length=1, max_length=MOST_IN_BATCH,
        json_schema_extra={"items": {"$ref": "#/components/schemas/NewJobInBatch"}},
    )  # fmt: skip


class Cancel(Reasoned):
    """Options of a cancellation."""

    descendants: bool = Field(False, description="Also its children, their children, and so on.")


class NewEvent(Reasoned):
    """An event for a job."""

    data: Any = Field(None, description="Given to the function that waits for the event; at most 32 KB of JSON.")


class Discard(Body):
    """Options of a discard."""

    reason: Why = Field("", description="Stored with the job, and in the audit log: write no personal data.")


class PauseReason(Body):
    """Options of a pause."""

    reason: Why = Field("", description="Shown during the pause, and in the audit log: write no personal data.")


FROM = (
    "`start`, or a step, sleep or wait that was kept: what was kept before it is not run again. If two of them have "
    "the same name, write the kind, too: `step:ship`. Without it, the job continues after the last kept step, and with "
    "another payload it begins from the start."
)


class Retry(Reasoned):
    """Options of a retry."""

    payload: dict[str, Any] | None = Field(None, description="Replaces the old payload.")
    from_: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PLACE)] | None = Field(
        None, alias="from", description=FROM
    )


class RetryQuery(Query):
    """From where a retry would begin."""

    from_: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PLACE)] | None = Field(
        None, alias="from", description=FROM
    )


PayloadText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_SEARCH),
    Field(
        description="Part of a value of the payload, in any case; `field=text` searches one field. Payloads that are "
        "stored outside of their job are not searched: those over 500 bytes, and those that have replaced an earlier "
        "one (a retry with another payload, a debounced job)."
    ),
]


class ListQuery(Query):
    """Filter, order and position of a list of jobs."""

    limit: Whole = Field(JOBS_ON_PAGE, ge=1, le=MOST_JOBS_ON_PAGE)
    offset: Whole = Field(
        0, ge=0, description="Jobs to skip. A larger offset costs more. The only filters that it "
        "accepts are created_after and created_before, or one of fingerprint and status (failed, dead_letter); "
        "next_cursor costs the same everywhere.",
    )  # fmt: skip
    status: Status | None = None
    type: TypeName | None = None
    tag: Tag | None = None
    id_prefix: IdPrefix | None = Field(None, description="Jobs whose ids begin with this text.")
    error: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_SEARCH)] | None = Field(
        None, description="Part of the error's class or message, in any case; the message of a group of /errors works."
    )
    fingerprint: Fingerprint | None = Field(None, description="Jobs whose last error is this one of GET /errors.")
    schedule: ScheduleId | None = Field(None, description="Jobs of this schedule.")
    parent: ParentId | None = Field(
        None, description="The children of this job, in the order of their keys. It excludes an offset."
    )
    batch: BatchId | None = Field(
        None, description="The members of this batch, in the order of their ids. It excludes an offset."
    )
    round: Round | None = Field(None, description="The members of the batch that are in this round now.")
    created_after: Moment | None = None
    created_before: Moment | None = None
    finished_after: Moment | None = Field(None, description="Jobs that finished then or later, however they ended.")
    finished_before: Moment | None = None
    payload: PayloadText | None = Field(
        None, description="Text in any value of the payload, in any case (`ada`), or only in one field (`to=ada`). It "
        "needs created_after, parent or batch, and finds no payload that is null in lists.",
    )  # fmt: skip
    tenant: Tenant | None = Field(None, description="Jobs of this tenant: the value of `fair_by` or `serial_by`.")
    idempotency_key: KeptKey | None = Field(
        None, description="The job that this token made with this Idempotency-Key, or none. It excludes other filters. "
        "`import-7 0` is the first job of a batch with the key `import-7`.",
    )  # fmt: skip
    cursor: Cursor | None = Field(None, description="The next_cursor of a page with the same filters; excludes offset.")

    @model_validator(mode="after")
    def _one_start(self) -> "ListQuery":
        if self.idempotency_key is not None and self.model_fields_set - {"idempotency_key", "limit"}:
            raise PydanticCustomError(
                "key_alone", "idempotency_key cannot be combined with another filter, cursor or offset"
            )
        if self.cursor and self.offset:
            raise PydanticCustomError("one_start", "give cursor or offset, not both")
        if self.parent and self.offset:
            raise PydanticCustomError("no_offset", "parent cannot be combined with offset; follow next_cursor instead")
        if self.batch and (self.offset or self.parent):
            raise PydanticCustomError("batch", "batch cannot be combined with offset or parent")
        if self.round is not None and self.batch is None:
            raise PydanticCustomError("round", "round needs batch, whose members are in rounds")
        if self.payload and self.created_after is None and self.parent is None and self.batch is None:
            raise PydanticCustomError(
                "no_period",
                "payload needs created_after, parent or batch, because every job since then, child or member is read",
            )
        return self


class NoQuery(Query):
    """A request without a query."""


Action = Literal["retry", "cancel", "discard"]
"""An action on many jobs."""
Expected = Annotated[
    int,
    Field(
        ge=0, le=10**9,
        description="Number of counted jobs. Refused (409) if the action would change more jobs than this and a tenth "
        "of it, as far as can be counted in 3 seconds. A repeated request may find fewer.",
    ),
]  # fmt: skip


class BulkFilter(Body):
    """A filter that selects the jobs of a bulk action."""

    status: Annotated[Status, Field(strict=False)] | None = None
    type: TypeName | None = None
    tag: Tag | None = None
    id_prefix: IdPrefix | None = Field(None, description="Jobs whose ids begin with this text.")
    created_after: Moment | None = None
    created_before: Moment | None = None
    finished_after: Moment | None = Field(None, description="Jobs that finished then or later, however they ended.")
    finished_before: Moment | None = None
    error: str | None = Field(None, min_length=1, max_length=200)
    fingerprint: Fingerprint | None = Field(None, description="Jobs whose last error is this one of GET /errors.")
    schedule: ScheduleId | None = Field(None, description="Jobs of this schedule.")
    batch: BatchId | None = Field(None, description="The members of this batch.")
    round: Round | None = Field(None, description="The members of the batch that are in this round now.")
    payload: PayloadText | None = Field(
        None, description="Text in any value of the payload, in any case (`ada`), or only in one field (`to=ada`). It "
        "finds no payload that is null in lists.",
    )  # fmt: skip
    tenant: Tenant | None = Field(None, description="Jobs of this tenant: the value of `fair_by` or `serial_by`.")

    @model_validator(mode="after")
    def _says_which(self) -> "BulkFilter":
        if nulls := _nulls(self):
            raise PydanticCustomError("null", f"{nulls} is null; omit it or give a value")
        if not self.model_fields_set:
            raise PydanticCustomError("empty", 'is empty; to select all jobs send "everything": true instead')
        if self.round is not None and self.batch is None:
            raise PydanticCustomError("round", "round needs batch, whose members are in rounds")
        return self


def _nulls(body: Body) -> str:
    """Return the names of fields that are null. The caller meant a condition, but null would select all jobs."""
    return ", ".join(sorted(name for name in body.model_fields_set if getattr(body, name) is None))


PayloadPath = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PATH, pattern=r"^[^.]+(\.[^.]+)*$")]
Edit = Annotated[
    dict[PayloadPath, Any],
    Field(
        min_length=1, max_length=MOST_EDITED,
        description="Only with `retry`: other values for fields of each job's payload, by their paths, such as "
        "`order.currency` (`items.0.price` is in the first item of a list). The other fields stay. A job whose type "
        "does not accept the values is skipped.", examples=[{"order.currency": "EUR"}],
    ),
]  # fmt: skip


class ManyJobs(Body):
    """An action, and the jobs to change: listed ids, those that match a filter, or all."""

    action: Action
    reason: Why = Field("", description="Stored with each discarded job, and in the audit log: write no personal data.")
    ids: list[JobId] | None = None
    filter: BulkFilter | None = None
    everything: bool = Field(False, description="All jobs, instead of ids or a filter.")
    dry_run: bool = Field(False, description="Only count the jobs that would be changed.")
    expected: Expected | None = None
    edit: Edit | None = None

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if [self.ids is not None, self.filter is not None, self.everything].count(True) != 1:
            raise PydanticCustomError("one_choice", 'give either ids, or a filter, or "everything": true')
        return self

    @field_validator("edit")
    @classmethod
    def _short_edit_of_retry(cls, edit: dict[str, Any] | None, info: ValidationInfo) -> dict[str, Any] | None:
        if edit is not None and info.data.get("action") != "retry":
            raise PydanticCustomError("edit_of_retry", "is only possible with the action retry")
        if edit is not None and len(json.dumps(edit)) > LARGEST_EDIT:
            raise PydanticCustomError("short_edit", f"must have at most {LARGEST_EDIT:,} characters as JSON")
        return edit


class Bulk(ManyJobs):
    """Retry, cancel or discard many jobs: listed jobs, or all that match."""

    ids: list[JobId] | None = Field(None, min_length=1, max_length=MOST_IN_BULK)
    limit: int = Field(MOST_IN_BULK, ge=1, le=MOST_IN_BULK)
    cursor: Cursor | None = Field(None, description="The next_cursor of an answer to the same action and filter.")

    @model_validator(mode="after")
    def _cursor_of_filter(self) -> "Bulk":
        if self.cursor is not None and self.ids is not None:
            raise PydanticCustomError("cursor_of_filter", "a cursor needs a filter")
        return self


class Redrive(Reasoned):
    """The dead-lettered jobs to retry."""

    type: TypeName | None = Field(None, description="Only jobs of this type; default: all.")
    limit: int = Field(MOST_IN_BULK, ge=1, le=MOST_IN_BULK)
    dry_run: bool = Field(False, description="Only count the jobs that would be changed.")
    expected: Expected | None = None
    cursor: Cursor | None = Field(None, description="The next_cursor of an answer to the same request.")

    @model_validator(mode="after")
    def _no_null(self) -> "Redrive":
        if "type" in self.model_fields_set and self.type is None:
            raise PydanticCustomError("null", "type is null; omit it to select all types")
        return self


class NewUpload(Body):
    """A file that will be uploaded."""

    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    bytes: int = Field(ge=1, le=LARGEST_UPLOAD, description="The size of the file.")

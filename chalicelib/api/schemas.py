"""Declare bodies and queries of requests. The OpenAPI document is made from these and from `responses.py`."""

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.adapters.s3.uploads import MOST_BYTES
from chalicelib.jobs.job import Status
from chalicelib.jobs.limits import LONGEST_NAME, MAX_ATTEMPTS_CAP, MAX_DELAY
from chalicelib.jobs.schedules.schedule import LONGEST_ID

MOST_TAGS = 10
MOST_IN_BATCH = 25
MOST_IN_BULK = 100
LONGEST_MOMENT = 40
VISIBLE_ASCII = re.compile(r"[\x21-\x7e]{1,255}")
EARLIEST, LATEST = 0.0, datetime(9000, 1, 1, tzinfo=UTC).timestamp()


def _moment(value: Any) -> float:
    if not isinstance(value, str):
        raise PydanticCustomError("moment", "must be a time as text, like 2026-11-25T00:42:39Z")
    if len(value) > LONGEST_MOMENT:
        raise PydanticCustomError("moment", f"must be ISO 8601 in at most {LONGEST_MOMENT} characters")
    try:
        read = datetime.fromisoformat(_with_plus(value))
    except ValueError:
        raise PydanticCustomError("moment", "must be ISO 8601, like 2026-11-25T00:42:39Z") from None
    if read.tzinfo is None:
        raise PydanticCustomError("moment", "must have a time zone, like 2026-11-25T00:42:39Z")
    seconds = (read - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    if not EARLIEST <= seconds <= LATEST:
        raise PydanticCustomError("moment", "must be a year between 1970 and 9000")
    return math.floor(seconds * 1000) / 1000


def _with_plus(text: str) -> str:
    # A plus sign that was not escaped in a query arrives as a space before the zone.
    time, zone = text[:-6], text[-6:]
    return f"{time}+{zone[1:]}" if "T" in time and zone.startswith(" ") else text


def _whole(value: Any) -> Any:
    if isinstance(value, str) and not (len(value) <= 9 and value.isascii() and value.isdigit()):
        raise PydanticCustomError("whole", "must be a whole number")
    return value


def _key(value: str) -> str:
    if not VISIBLE_ASCII.fullmatch(value):
        raise PydanticCustomError("key", "must be 1 to 255 visible ASCII characters")
    return value


Moment = Annotated[
    float,
    BeforeValidator(_moment),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "maxLength": LONGEST_MOMENT, "examples": ["2026-11-25T00:42:39Z"]}
    ),
]
"""A point in time: ISO 8601 with a zone on the wire, seconds since the epoch inside."""
Whole = Annotated[int, BeforeValidator(_whole)]
Tag = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/-]+$", min_length=1, max_length=40), Field(examples=["customer:42"])
]
Key = Annotated[str, AfterValidator(_key)]
TypeName = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
JobId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
FINGERPRINT = r"^[0-9a-f]{12}$"
Fingerprint = Annotated[str, StringConstraints(pattern=FINGERPRINT), Field(examples=["5d41402abc4b"])]
Why = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
ScheduleId = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ID)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
IdPrefix = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-fA-F-]{1,36}$", to_lower=True), Field(examples=["6a1de45f"])
]


class Body(BaseModel):
    """A JSON body: exactly these fields, exactly these types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """A query string: exactly these names, read from text."""

    model_config = ConfigDict(extra="forbid")


class NoBody(Body):
    """A request that needs no body; an empty one and {} are the same."""


class NewJob(Body):
    """A job to run."""

    type: TypeName = Field(description="One of GET /job-types.", examples=["email.send"])
    payload: dict[str, Any] = Field(description="What the job type's schema says.")
    max_attempts: int | None = Field(None, ge=1, le=MAX_ATTEMPTS_CAP, description="Default: the job type's.")
    delay_seconds: int | None = Field(None, ge=0, le=MAX_DELAY, description="Not before so many seconds from now.")
    run_at: Moment | None = Field(None, description="Not before this time, at most a year ahead.")
    tags: list[Tag] = Field(default_factory=list, max_length=MOST_TAGS, description="To find the job again by.")

    @model_validator(mode="after")
    def _one_time(self) -> "NewJob":
        if self.delay_seconds is not None and self.run_at is not None:
            raise PydanticCustomError("one_time", "delay_seconds and run_at exclude each other")
        return self


class NewJobInBatch(NewJob):
    """A job of a batch, which brings its own key."""

    idempotency_key: Key | None = Field(None, description="Like the header Idempotency-Key of POST /jobs.")


class NewBatch(Body):
    """Several jobs in one request; each is checked on its own and has its own answer."""

    jobs: list[dict[str, Any]] = Field(
        min_length=1, max_length=MOST_IN_BATCH,
        json_schema_extra={"items": {"$ref": "#/components/schemas/NewJobInBatch"}},
    )  # fmt: skip


class Discard(Body):
    """Options of a discard."""

    reason: Why = Field("", description="Kept with the job.")


class Retry(Body):
    """Options of a retry."""

    payload: dict[str, Any] | None = Field(None, description="Instead of the payload it had.")


class ListQuery(Query):
    """Filter, order and position of a list of jobs."""

    limit: Whole = Field(20, ge=1, le=100)
    offset: Whole = Field(
        0, ge=0, description="Jobs to leave out. It costs more the deeper it reaches, and is refused where the filter "
        "lets little through; next_cursor costs the same everywhere.",
    )  # fmt: skip
    status: Status | None = None
    type: TypeName | None = None
    tag: Tag | None = None
    id_prefix: IdPrefix | None = None
    error: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        None, description="Part of the error's class or message, in any case; the message of a group of /errors works."
    )
    fingerprint: Fingerprint | None = Field(None, description="Jobs whose last error is this one of GET /errors.")
    schedule: ScheduleId | None = Field(None, description="Jobs of this schedule.")
    created_after: Moment | None = None
    created_before: Moment | None = None
    idempotency_key: Key | None = Field(
        None, description="The job that this token made with that Idempotency-Key, or none. It excludes other filters."
    )
    cursor: Cursor | None = Field(None, description="The next_cursor of a page with the same filters; excludes offset.")

    @model_validator(mode="after")
    def _one_start(self) -> "ListQuery":
        if self.idempotency_key is not None and self.model_fields_set - {"idempotency_key", "limit"}:
            raise PydanticCustomError("key_alone", "idempotency_key excludes every other filter, cursor and offset")
        if self.cursor and self.offset:
            raise PydanticCustomError("one_start", "cursor and offset exclude each other")
        return self


class NoQuery(Query):
    """A request that takes no query."""


Action = Literal["retry", "cancel", "discard"]
"""An action on many jobs."""


class BulkFilter(Body):
    """The jobs of a bulk action."""

    status: Annotated[Status, Field(strict=False)] | None = None
    type: TypeName | None = None
    tag: Tag | None = None
    id_prefix: IdPrefix | None = None
    created_after: Moment | None = None
    created_before: Moment | None = None
    error: str | None = Field(None, min_length=1, max_length=200)
    fingerprint: Fingerprint | None = Field(None, description="Jobs whose last error is this one of GET /errors.")
    schedule: ScheduleId | None = Field(None, description="Jobs of this schedule.")


class Bulk(Body):
    """Retry, cancel or discard many jobs: the ones listed, or the ones that match."""

    action: Action
    reason: Why = Field("", description="Kept with each job that is discarded.")
    ids: list[JobId] | None = Field(None, min_length=1, max_length=MOST_IN_BULK)
    filter: BulkFilter | None = None
    limit: int = Field(MOST_IN_BULK, ge=1, le=MOST_IN_BULK)
    dry_run: bool = Field(False, description="Only say what would be done.")
    cursor: Cursor | None = Field(None, description="The next_cursor of an answer to the same action and filter.")

    @model_validator(mode="after")
    def _one_choice(self) -> "Bulk":
        if (self.ids is None) == (self.filter is None):
            raise PydanticCustomError("one_choice", "give either ids or a filter")
        if self.cursor is not None and self.filter is None:
            raise PydanticCustomError("cursor_of_filter", "a cursor goes with a filter")
        return self


class Redrive(Body):
    """The dead-lettered jobs to retry."""

    type: TypeName | None = Field(None, description="Only jobs of this type; default: all.")
    limit: int = Field(MOST_IN_BULK, ge=1, le=MOST_IN_BULK)
    dry_run: bool = Field(False, description="Only say what would be done.")
    cursor: Cursor | None = Field(None, description="The next_cursor of an answer to the same request.")


class NewUpload(Body):
    """A file that is going to be uploaded."""

    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    bytes: int = Field(ge=1, le=MOST_BYTES, description="How large the file is.")

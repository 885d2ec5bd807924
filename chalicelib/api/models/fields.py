"""Define the types of request fields: the form, check and description of each. `schemas.py` uses them."""

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from chalicelib.api.constants import LONGEST_BATCH_INDEX, LONGEST_CURSOR, LONGEST_MOMENT, LONGEST_TENANT, LONGEST_WHY
from chalicelib.cold_start import IN_LAMBDA
from chalicelib.job_types.checks import FINGERPRINT, ID, ID_PREFIX, KEY, TAG, WEBHOOK
from chalicelib.job_types.constants import LONGEST_NAME, LONGEST_SCHEDULE, LONGEST_TAG
from chalicelib.jobs.constants import MAX_DELAY
from chalicelib.jobs.job import TAG_OF_SCHEDULE
from chalicelib.jobs.priority import PriorityName
from chalicelib.jobs.tenants import kept

WHOLE = re.compile(r"-?[0-9]{1,9}")
EARLIEST, LATEST = 0.0, datetime(9000, 1, 1, tzinfo=UTC).timestamp()


def _moment(value: Any) -> float:
    if not isinstance(value, str):
        raise PydanticCustomError("moment", "must be a time as text, like 2026-11-25T00:42:39Z")
    if len(value) > LONGEST_MOMENT:
        raise PydanticCustomError("moment", f"must be an ISO 8601 time of at most {LONGEST_MOMENT} characters")
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
    # If the plus sign of a zone was not escaped in a query, it arrives as a space.
    time, zone = text[:-6], text[-6:]
    return f"{time}+{zone[1:]}" if "T" in time and zone.startswith(" ") else text


def _whole(value: Any) -> Any:
    if isinstance(value, str) and not WHOLE.fullmatch(value):
        raise PydanticCustomError("whole", "must be a whole number of at most 9 digits")
    return value


def _key(value: str) -> str:
    if not KEY.fullmatch(value):
        raise PydanticCustomError("key", "must be 1 to 255 visible ASCII characters")
    return value


def _own_tag(value: str) -> str:
    if value.startswith(TAG_OF_SCHEDULE):
        raise PydanticCustomError("reserved", f"must not begin with {TAG_OF_SCHEDULE}, the tag of jobs of a schedule")
    return value


def _kept_key(value: str) -> str:
    key, space, place = value.partition(" ")
    if space and not (place.isascii() and place.isdigit() and len(place) <= LONGEST_BATCH_INDEX):
        raise PydanticCustomError("key", "must be a key, or for a batch its key, a space and the place from 0")
    _key(key)
    return value


Moment = Annotated[
    float,
    BeforeValidator(_moment),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "maxLength": LONGEST_MOMENT, "examples": ["2026-11-25T00:42:39Z"]}
    ),
]
"""A point in time. A request contains ISO 8601 with a zone; the code gets seconds since the epoch."""
Whole = Annotated[int, BeforeValidator(_whole)]
# After the validator, pydantic would write `ge`, which JSON Schema does not know, instead of `minimum`.
Round = Annotated[int, Field(ge=1), BeforeValidator(_whole)]
Tag = Annotated[
    str,
    StringConstraints(pattern=f"^{TAG.pattern}$", min_length=1, max_length=LONGEST_TAG),
    Field(examples=["customer:42"]),
]
OwnTag = Annotated[Tag, AfterValidator(_own_tag)]
"""A tag that a caller may give a job: any tag that does not begin with `schedule:`."""
Key = Annotated[str, AfterValidator(_key)]
KeptKey = Annotated[str, AfterValidator(_kept_key)]
"""A producer's key; or, for a job of a batch with one key, that key with the job's index: `import-7 0`."""
TypeName = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
JobId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
ParentId = Annotated[
    str, StringConstraints(pattern=ID, to_lower=True),
    Field(examples=["6a1de45f-8c1e-4f0e-9f7e-0c9b7a6d5e4f"]),
]  # fmt: skip
BatchId = ParentId
Tenant = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_TENANT),
    AfterValidator(kept),
    Field(
        description="Jobs of this tenant: the value at the field that their type's `fair_by` or `serial_by` names.",
        examples=["acme"],
    ),
]
Fingerprint = Annotated[str, StringConstraints(pattern=FINGERPRINT), Field(examples=["5d41402abc4b"])]
Expires = Annotated[
    int,
    Field(
        ge=1, le=MAX_DELAY,
        description="If it has not begun this many seconds after its time, it is cancelled without an attempt. "
        "Default: the job type's.",
    ),
]  # fmt: skip
OnEnd = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_NAME),
    Field(
        description="When the job has ended, a job of this type is made, with a JobEnd as its payload. Default: the "
        "job type's.",
        examples=["export.ended"],
    ),
]
Ranked = Annotated[
    PriorityName,
    Field(
        description="Which of the jobs that wait for a limit go first: all with `high`, and last all with `low`. "
        "A job of `high` of a type with `urgent` also passes the backlog of its type. "
        "Only for types with `limits` or `urgent`: for others, `high` and `low` are refused, because they would have "
        "no effect.",
        examples=["normal"],
    ),
]
# The documented limit applies to the text that was sent, not to the text without the spaces at its ends.
Why = Annotated[str, StringConstraints(max_length=LONGEST_WHY), AfterValidator(str.strip)]
WebhookName = Annotated[str, StringConstraints(pattern=f"^{WEBHOOK.pattern}$")]
ScheduleId = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_SCHEDULE)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_CURSOR)]
IdPrefix = Annotated[str, StringConstraints(pattern=ID_PREFIX, to_lower=True), Field(examples=["6a1de45f"])]


class Body(BaseModel):
    """A JSON body: no other fields than the declared ones, and no conversion of types."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=IN_LAMBDA)


class Query(BaseModel):
    """A query string: no other names than the declared ones; values are converted from text."""

    model_config = ConfigDict(extra="forbid", defer_build=IN_LAMBDA)


class Reasoned(Body):
    """A body with the reason of the change."""

    reason: Why = Field("", description="Shown in the audit log. Write no personal data: it is kept for 400 days.")

"""Declare bodies and answers about limits."""

from typing import Literal

from pydantic import Field

from chalicelib.api.models.fields import Reasoned
from chalicelib.api.models.responses import Answer, Time
from chalicelib.job_types.constants import MOST_PLACES
from chalicelib.jobs.job import Status

COUNTED = "at most 100 are counted, see `waiting_more`"


class LimitSetting(Reasoned):
    """How many places a limit has from now on."""

    n: int = Field(
        ge=0, le=MOST_PLACES, description="At most so many jobs run at once. 0: no job starts.", examples=[5]
    )


class LimitChange(Answer):
    """A change of a limit at run time."""

    limit: str = Field(description="The id that was changed; for a value, it may be the id of all values")
    n: int
    by: str = Field(description="The label of the token that changed it")
    reason: str
    at: Time


class LimitRow(Answer):
    """A limit; or, if its id ends with `.*`, the limits of all values of a field."""

    id: str = Field(description="Percent-encode it in a path", examples=["3.openai", "0.invoice.export.*"])
    kind: Literal["at_most"]
    name: str = Field(description="The job type or, if it is shared, the name of the limit")
    shared: bool = Field(description="The jobs of all its types count together")
    by: str | None = Field(description="The field of the payload: each value has places of its own; null: no field")
    value: str | None = Field(
        description="The value of the field; null without a field, and for all values. A long one is shown as a hash"
    )
    types: list[str] = Field(description="The job types that have the limit")
    declared: bool = Field(description="False: the code declares it no more, and the jobs that wait for it may all run")
    n_declared: int | None = Field(description="The number of places in the code; null if the code declares none")
    n: int | None = Field(description="The number of places in force; null: jobs are not limited any more")
    differs: bool = Field(description="`n` is not what the code says")
    changed: LimitChange | None = Field(description="The change that is in force; null: as the code says")
    in_use: int | None = Field(
        description="Places that are taken; null for all values of a field, and for limits after the first 100"
    )
    waits: bool = Field(description="Jobs may wait for a place; it may still be true for a moment when none waits")
    waiting: int | None = Field(description=f"How many jobs wait: {COUNTED}; null if `in_use` is null")
    waiting_more: bool = Field(description="More jobs wait than `waiting`")


class LimitList(Answer):
    """All limits, by id."""

    limits: list[LimitRow] = Field(
        description="What the code declares, what is changed, and the values of fields for which jobs wait"
    )
    more: bool = Field(description="There are more than 100 values that are changed, or for which jobs wait")


class LimitHolder(Answer):
    """A job that has a place."""

    job_id: str
    type: str | None = Field(description="null if the job cannot be read")
    status: Status | None
    since: Time | None = Field(description="When a worker began it; for a job that does not run: since when it waits")
    stale: bool = Field(description="It does not need the place any more: the next look at the limit frees the place")


class LimitWaiter(Answer):
    """A job that waits for a place."""

    job_id: str
    due_since: Time = Field(description="When it was due first: jobs that share a line get places in this order")


class LimitLine(Answer):
    """The jobs of a type that wait for a place."""

    type: str
    waiting: int = Field(description=f"How many: {COUNTED}")
    waiting_more: bool
    first: list[LimitWaiter] = Field(description="The first ten")


class LimitDetail(LimitRow):
    """A limit with the jobs that have its places, and those that wait."""

    holders: list[LimitHolder] = Field(description="Those that run first; empty for all values of a field")
    lines: list[LimitLine] = Field(description="One for each type with jobs that wait; empty for all values of a field")
    values: list[LimitRow] = Field(
        description="For all values of a field: the values that are changed, and those for which jobs wait; at most 100"
    )
    more_values: bool

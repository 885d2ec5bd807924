"""Declare bodies and answers about limits."""

from typing import Literal

from pydantic import Field

from chalicelib.api.models.fields import Query, Reasoned
from chalicelib.api.models.responses import Answer, Time
from chalicelib.job_types.constants import FASTEST_LIMIT
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Status
from chalicelib.jobs.priority import PriorityName

LONGEST_ASKED = 2000
"""Maximum characters of a value in a query."""
COUNTED = "at most 100 are counted, see `waiting_more`"


class LimitQuery(Query):
    """Which value of a limit is meant."""

    value: str | None = Field(
        None, max_length=LONGEST_ASKED, examples=["acme"],
        description="A value of the field, such as a customer, as it is in payloads; the empty text is a value. "
        "Without it: the limit, or all values of its field. The access log has no queries, so it has no values.",
    )  # fmt: skip


class LimitSetting(Reasoned):
    """How many places a limit has, or how many jobs start at a rate, from now on."""

    n: int = Field(
        ge=0, le=int(FASTEST_LIMIT * DAY), examples=[5],
        description="At most so many jobs run at once, up to 100; of a rate, at most so many start in its period (see "
        "`least`, `most` and `per` of the limit). 0: no job starts.",
    )  # fmt: skip


class LimitChange(Answer):
    """A change of a limit at run time."""

    value: str | None = Field(description="The value that was changed; null: the limit, or all values of its field")
    n: int
    by: str = Field(description="The label of the token that changed it")
    reason: str
    at: Time
    in_force: bool = Field(
        description="False: the code does not declare the limit, so the change does nothing. If a deploy declares the "
        "limit again, the change is in force again. Reset it to remove it"
    )


class LimitRow(Answer):
    """A limit; or the limit of one value of a field, or of all its values. `name` and `value` together are unique."""

    name: str = Field(description="Its name in paths", examples=["3.openai", "0.invoice.export"])
    value: str | None = Field(
        description="The value of the field; null without a field, and for all values. A long one is shown as a hash"
    )
    kind: Literal["at_most", "rate"] = Field(
        description="`at_most`: `n` jobs run at once. `rate`: `n` jobs start in `per` seconds, and its places are turns"
    )
    label: str = Field(description="The job type or, if it is shared, the name that the code gives the limit")
    all_values: bool = Field(description="It is the row of all values of a field")
    shared: bool = Field(description="The jobs of all its types count together")
    by: str | None = Field(description="The field of the payload: each value has places of its own; null: no field")
    types: list[str] = Field(description="The job types that have the limit")
    declared: bool = Field(description="False: the code declares it no more, and the jobs that wait for it may all run")
    n_declared: int | None = Field(description="The number in the code; null if the code declares none")
    n: int | None = Field(
        description="The number in force, of places, or of starts in `per` seconds; null: jobs are not limited any more"
    )
    per: float | None = Field(None, description="The seconds in which `n` jobs may start at a rate; null for places")
    burst: int | None = Field(None, description="How many more may start after a quiet time; null for places")
    least: int | None = Field(
        None, description="The smallest number over 0 that it may be given; null if the code declares it no more"
    )
    most: int | None = Field(None, description="The largest number that it may be given; null as `least`")
    differs: bool = Field(description="`n` is not what the code says")
    changed: LimitChange | None = Field(description="Who has changed it, when and why; null: it is as the code says")
    in_use: int | None = Field(
        description="Places that are taken, of a rate: jobs that have their turn and have not started; null for all "
        "values of a field, and for limits after the first 100"
    )
    waits: bool = Field(description="Jobs may wait for a place; it may still be true for a moment when none waits")
    waiting: int | None = Field(description=f"How many jobs wait: {COUNTED}; null if `in_use` is null")
    waiting_more: bool = Field(description="More jobs wait than `waiting`")


class LimitChanged(LimitRow):
    """A limit after a change."""

    left: int = Field(
        description="For so many values, not all jobs that may start were started within the time of this request, 8 "
        "seconds: the watchdog starts them, some hundred limits in a minute. At most 1 for one limit or value"
    )


class LimitList(Answer):
    """All limits, by name."""

    limits: list[LimitRow] = Field(
        description="All that the code declares, all that are changed, and values of fields for which jobs wait"
    )
    more: bool = Field(description="Jobs wait for more than these values; changed values are always in the list")


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
    due_since: Time = Field(
        description="When it was due first: the jobs of a line get places by priority, then in this order, or the "
        "tenants of `fair_by` take turns"
    )
    priority: PriorityName = Field(
        "normal",
        description="With which it waits: a job that keeps a place from a job of higher priority waits with that one",
    )


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
        description="For all values of a field: all values that are changed, and then those for which jobs wait"
    )
    more_values: bool = Field(description="Jobs wait for more than these values")

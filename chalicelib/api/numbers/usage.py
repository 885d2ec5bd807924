"""Serve what jobs have cost."""

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.api.http.endpoint import Call, Endpoints
from chalicelib.api.http.scoping import check_type as check_scope
from chalicelib.api.jobs.jobs import check_type
from chalicelib.api.models.fields import Moment, Query, TypeName, Whole
from chalicelib.api.models.responses import Answer, Time
from chalicelib.assembly import parts
from chalicelib.job_types import jobtype
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from chalicelib.usage.constants import MOST_DEAR, PRICES_VERSION, REGION
from chalicelib.usage.days import Row, Span
from chalicelib.usage.dearest import Dear

endpoints = Endpoints()


class UsageQuery(Query):
    """The days and the groups of a sum."""

    by: Literal["type", "tenant", "day"] = Field("type", description="One row for each of these.")
    type: TypeName | None = Field(None, description="Only jobs of this type.")
    start: Moment | None = Field(
        None, alias="from", description="Default: 30 days up to `to`. Days are whole days in UTC."
    )
    end: Moment | None = Field(None, alias="to", description="Default: now. A `to` at midnight is the end of a day.")

    dearest: Whole = Field(0, ge=0, le=MOST_DEAR, description="How many of the dearest runs to answer, too.")

    @model_validator(mode="after")
    def _in_order(self) -> "UsageQuery":
        if self.start is not None and self.end is not None and self.start > self.end:
            raise PydanticCustomError("in_order", "from must not be after to")
        if self.end is not None and self.end <= Span.earliest(parts.clock()):
            raise PydanticCustomError("kept", "to is before the first day of which a sum is kept")
        return self


class UsageRow(Answer):
    """What some jobs have cost, in nano-dollars (1,000,000,000 are a dollar)."""

    type: str | None = Field(description="null: of all types")
    tenant: str | None = Field(
        description="By tenant: null for jobs without a tenant, and for types that are not counted by tenant"
    )
    day: Time | None = Field(description="By day: its start")
    jobs: int = Field(description="Jobs that were stored")
    attempts: int = Field(description="Attempts that ended, also those that wait for an event or the end of a sleep")
    retries: int = Field(description="Those of them that were retries, of a failed attempt or by hand")
    run_s: float = Field(description="Seconds of the attempts")
    cost_nano_usd: int = Field(description="The sum of the five numbers that follow")
    run_nano_usd: int = Field(description="Time and memory of the attempts")
    requests_nano_usd: int = Field(description="Requests, write units and log lines of the attempts")
    jobs_nano_usd: int = Field(description="Storing the jobs, with a POST for each that no job or schedule made")
    counting_nano_usd: int = Field(description="Counting what happened to the jobs")
    kept_nano_usd: int = Field(description="Keeping the jobs for 30 days")
    retries_nano_usd: int = Field(description="What the retries cost, of `run_nano_usd` and `requests_nano_usd`")


class DearRun(Answer):
    """A run of a job that has cost much, with its job as long as that is stored."""

    job_id: str
    type: str
    started_at: Time
    run_s: float = Field(description="Seconds of the run: 1 or more")
    cost_nano_usd: int = Field(description="Time, memory, requests, write units and log lines of the run")
    status: Status = Field(description="The job's status after the run; processing: its worker was lost")


class Usage(Answer):
    """What jobs have cost: an estimate at list prices, without free allowances."""

    by: Literal["type", "tenant", "day"]
    type: str | None
    from_: Time = Field(
        alias="from", serialization_alias="from", description="The start of the first day: at most 91 days ago"
    )
    to: Time = Field(description="The end of the last day, which may not be over")
    rows: list[UsageRow] = Field(description="The dearest first; by day: the oldest first")
    total: UsageRow
    dearest: list[DearRun] = Field(
        [],
        description="The dearest runs of these days, as many as `dearest` asks for: from the ten longest of each type "
        "and day, without runs of less than a second and of jobs that are no longer stored",
    )
    truncated: bool = Field(
        description="Whether there are too many tenants: jobs of the oldest days are then in the row without a tenant"
    )
    prices: str = Field(description="The month of the price list")
    region: str = Field(description="The region of the price list, wherever the stage is")
    as_of: Time


@endpoints.get("/usage", Usage, query=UsageQuery, moving=("as_of",))
def read_usage(call: Call) -> Usage:
    """Return what the jobs of declared types have cost by type, tenant or day: an estimate at list prices.

    It is computed from the time, memory and number of attempts, as the counters count them, and from the numbers of
    `make cost`. Sums are some seconds late, and kept for 90 days.
    """
    asked: UsageQuery = call.query
    if asked.type is not None:
        check_scope(call, asked.type)
        check_type(asked.type, "query")
    named = [kind for kind in jobtype.all_types() if asked.type in (None, kind.name)]
    kinds = [kind for kind in named if call.scope.has_type(kind.name)]
    span = Span.of(asked.start, asked.end, parts.clock())
    found = parts.usage.read(kinds, span, asked.by)
    return Usage(
        by=asked.by,
        type=asked.type,
        **{"from": iso(span.first)},
        to=iso(span.last + DAY),
        rows=[_row(one) for one in found.rows],
        total=_row(found.total),
        dearest=[_run(one) for one in parts.dearest.find(kinds, span, asked.dearest)] if asked.dearest else [],
        truncated=found.truncated,
        prices=PRICES_VERSION,
        region=REGION,
        as_of=iso(parts.clock()),
    )


def _run(one: Dear) -> DearRun:
    return DearRun(
        job_id=one.job.id,
        type=one.job.type,
        started_at=iso(one.run.started_at),
        run_s=round(one.run.run_ms / 1000, 3),
        cost_nano_usd=one.nano,
        status=one.run.status,
    )


def _row(one: Row) -> UsageRow:
    return UsageRow(
        type=one.type,
        tenant=one.tenant,
        day=None if one.day is None else iso(one.day),
        jobs=one.used.jobs,
        attempts=one.used.attempts,
        retries=one.used.again,
        run_s=round(one.used.run_ms / 1000, 3),
        cost_nano_usd=one.cost.whole,
        run_nano_usd=one.cost.run,
        requests_nano_usd=one.cost.requests,
        jobs_nano_usd=one.cost.jobs,
        counting_nano_usd=one.cost.counting,
        kept_nano_usd=one.cost.kept,
        retries_nano_usd=one.cost.retries,
    )

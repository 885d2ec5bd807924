"""Serve time series."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.api.http.endpoint import Call, Endpoints
from chalicelib.api.http.scoping import type_within
from chalicelib.api.jobs.jobs import check_type
from chalicelib.api.models.fields import Moment, Query, TypeName
from chalicelib.api.models.responses import Answer, Time
from chalicelib.assembly import parts
from chalicelib.job_types import jobtype
from chalicelib.jobs.listing import iso

Metric = Literal[
    "throughput", "failures", "wait", "run", "total", "depth", "suspended", "oldest", "wait_spread", "run_spread",
    "total_spread",
]  # fmt: skip
Step = Annotated[Literal["60", "300", "3600", "86400"], StringConstraints()]

endpoints = Endpoints()


class SeriesQuery(Query):
    """The metric, jobs and time of a series."""

    metric: Metric
    type: TypeName | None = None
    start: Moment | None = Field(None, alias="from", description="Default: an hour before `to`.")
    end: Moment | None = Field(None, alias="to", description="Default: now.")
    step: Step = Field("60", description="Seconds from one point to the next.")

    @model_validator(mode="after")
    def _in_order(self) -> "SeriesQuery":
        if self.start is not None and self.end is not None and self.start > self.end:
            raise PydanticCustomError("in_order", "from must not be after to")
        return self


class Happened(Answer):
    """Counts of one step (`throughput`)."""

    t: Time
    created: int
    completed: int
    failed: int
    retried: int = Field(description="Failed attempts that another attempt follows")
    dead_lettered: int
    deferred: int = Field(description="Attempts that asked for a later run (`RetryLater`, a rate); none failed")


class WentWrong(Answer):
    """Failures of one step (`failures`)."""

    t: Time
    failed: int
    dead_lettered: int
    retried: int
    ratio: float | None = Field(description="Share of failed jobs among the jobs that ended; null if none ended")


class Took(Answer):
    """Durations in milliseconds (`wait`, `run`, `total`); null where nothing was measured."""

    t: Time
    count: int
    p50: float | None
    p95: float | None
    p99: float | None


class Octave(Answer):
    """The number of durations longer than half of `up_to_ms`, and at most `up_to_ms`."""

    up_to_ms: float
    count: int


class Spread(Answer):
    """Durations of one step by their size (`wait_spread`, `run_spread`, `total_spread`), the shortest first."""

    t: Time
    counts: list[Octave] = Field(description="Without empty sizes; the first contains everything up to 1 ms")


class Left(Answer):
    """Unfinished jobs at the end of one step (`depth`)."""

    t: Time
    depth: int


class Asleep(Answer):
    """Suspended jobs at the end of one step (`suspended`)."""

    t: Time
    suspended: int


class Waited(Answer):
    """The wait of the oldest job within one step (`oldest`)."""

    t: Time
    oldest_s: float | None = Field(
        description="Seconds, at least: of jobs that started in the step, and of those that waited at its end; "
        "null where none waited. Jobs that were cancelled in the queue are left out"
    )


class Series(Answer):
    """A time series, oldest point first."""

    metric: Metric
    type: str | None
    from_: Time = Field(alias="from", serialization_alias="from")
    to: Time
    step_s: int
    points: list[Happened] | list[WentWrong] | list[Took] | list[Spread] | list[Left] | list[Asleep] | list[Waited]
    drain_eta_s: float | None = Field(
        description="Seconds until the backlog is empty, at its speed in the last 2, 5 or 10 minutes: the first "
        "in which it shrinks. null without a backlog, or while it grows"
    )


POINTS: dict[str, type[Happened | WentWrong | Spread | Left | Asleep | Waited]] = {
    "throughput": Happened, "failures": WentWrong, "depth": Left, "suspended": Asleep, "oldest": Waited,
    "wait_spread": Spread, "run_spread": Spread, "total_spread": Spread,
}  # fmt: skip
"""The model of a point, by metric; all other metrics are durations."""


@endpoints.get("/metrics/series", Series, query=SeriesQuery, moving=("from", "to"))
def read_series(call: Call) -> Series:
    """Return throughput, failures, durations, depth or oldest wait: the newest 1,500 points (600 if `step` is 300).

    `total` is the time from creation to completion. `depth` is the number of unfinished jobs, and `suspended` the
    number of those that are suspended. `depth`, `suspended` and `oldest` are available only for the same number of
    steps before now.
    """
    asked: SeriesQuery = call.query
    one = type_within(call, asked.type)
    check_type(one, "query")
    names = [one] if one else [kind.name for kind in jobtype.all_types()]
    found = parts.history.series(asked.metric, names, one, (asked.start, asked.end), int(asked.step))
    model = POINTS.get(asked.metric, Took)
    return Series(
        metric=asked.metric,
        type=one,
        **{"from": iso(found.start)},
        to=iso(found.end),
        step_s=int(asked.step),
        points=[model(**{**point, "t": iso(point["t"])}) for point in found.points],
        drain_eta_s=found.drain_eta,
    )

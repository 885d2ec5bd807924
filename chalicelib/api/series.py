"""How the numbers went over time."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chalicelib import wiring
from chalicelib.api.endpoint import Call, Endpoints
from chalicelib.api.jobs import check_type
from chalicelib.api.responses import Answer, Time
from chalicelib.api.schemas import Moment, Query, TypeName
from chalicelib.counters.series import (
    DRAIN_WINDOW,
    Steps,
    depth,
    drain_eta,
    durations,
    failures,
    gather,
    resolution,
    throughput,
)
from chalicelib.counters.snapshot import RUNNING
from chalicelib.jobs import jobtype
from chalicelib.jobs.job import ACTIVE
from chalicelib.jobs.listing import iso

MOST_POINTS = 1500
MOST_ROWS = 3000
"""Stored buckets that a series is summed from, for each type: of steps that are made of several there are fewer."""
DEFAULT_SPAN = 3600.0
Metric = Literal["throughput", "failures", "wait", "run", "total", "depth"]
Step = Annotated[Literal["60", "300", "3600", "86400"], StringConstraints()]

endpoints = Endpoints()


class SeriesQuery(Query):
    """Which numbers, of which jobs, when."""

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
    """What happened in one step (`throughput`)."""

    t: Time
    created: int
    completed: int
    failed: int
    retried: int
    dead_lettered: int


class WentWrong(Answer):
    """What went wrong in one step (`failures`)."""

    t: Time
    failed: int
    dead_lettered: int
    retried: int
    ratio: float | None = Field(description="Of the jobs that ended, the share that ended badly; null if none ended")


class Took(Answer):
    """How long it took, in milliseconds (`wait`, `run`, `total`); null where nothing was measured."""

    t: Time
    count: int
    p50: float | None
    p95: float | None
    p99: float | None


class Left(Answer):
    """How many jobs were unfinished at the end of one step (`depth`)."""

    t: Time
    depth: int


class Series(Answer):
    """A time series, oldest point first."""

    metric: Metric
    type: str | None
    from_: Time = Field(alias="from", serialization_alias="from")
    to: Time
    step_s: int
    points: list[Happened] | list[WentWrong] | list[Took] | list[Left]
    drain_eta_s: float | None = Field(
        description="Seconds until the backlog is gone, at its pace in the last 2, 5 or 10 minutes: the first of them "
        "in which it shrinks. null without a backlog, or while it grows"
    )


@endpoints.get("/metrics/series", Series, query=SeriesQuery)
def read_series(call: Call) -> Series:
    """Throughput, failures, durations or depth over time: the newest 1,500 points, or 600 that are 300 s apart.

    `total` is from creation to completion. Depth, the unfinished jobs, goes back as many steps from now.
    """
    asked: SeriesQuery = call.query
    if asked.type is not None:
        check_type(asked.type)
    names = [asked.type] if asked.type else [kind.name for kind in jobtype.all_types()]
    now, step = wiring.clock()(), int(asked.step)
    end = now if asked.end is None else min(asked.end, now)
    # Depth is counted back from now, whatever part of it is shown.
    last = now if asked.metric == "depth" else end
    start = max(asked.start if asked.start is not None else end - DEFAULT_SPAN, last - (_most_points(step) - 1) * step)
    counters, metrics = wiring.counters(), wiring.metrics()
    buckets = [b for name in names for b in counters.buckets(name, resolution(step), start - start % step, last)]
    steps = gather(buckets, start, last, step)
    recent = [b for name in names for b in counters.buckets(name, 60, now - DRAIN_WINDOW, now)]
    unfinished = metrics.within(ACTIVE, asked.type) if asked.metric == "depth" else 0
    return Series(
        metric=asked.metric,
        type=asked.type,
        **{"from": iso(min(start, end))},
        to=iso(end),
        step_s=step,
        points=_points(asked.metric, steps, unfinished, end),
        drain_eta_s=drain_eta(recent, metrics.within(RUNNING, asked.type), now),
    )


def _most_points(step: int) -> int:
    return min(MOST_POINTS, MOST_ROWS * resolution(step) // step)


def _points(
    metric: Metric, steps: Steps, unfinished: int, end: float
) -> list[Happened] | list[WentWrong] | list[Took] | list[Left]:
    if metric == "throughput":
        return [Happened(**_on_the_wire(point)) for point in throughput(steps)]
    if metric == "failures":
        return [WentWrong(**_on_the_wire(point)) for point in failures(steps)]
    if metric == "depth":
        return [Left(**_on_the_wire(point)) for point in depth(steps, unfinished) if point["t"] <= end]
    return [Took(**_on_the_wire(point)) for point in durations(steps, metric)]


def _on_the_wire(point: dict[str, Any]) -> dict[str, Any]:
    return {**point, "t": iso(point["t"])}

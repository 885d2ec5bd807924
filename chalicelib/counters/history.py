"""Read numbers over time: choose the rows of a request, and bound how many are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.counters.health import HOUR, Finding, findings
from chalicelib.counters.series import (
    DRAIN_WINDOW,
    Steps,
    depth,
    drain_eta,
    durations,
    error_groups,
    failures,
    gather,
    oldest,
    resolution,
    spark_start,
    spreads,
    throughput,
)
from chalicelib.counters.snapshot import count, queued_since
from chalicelib.jobs.job import ACTIVE, ON_QUEUE
from chalicelib.jobs.limits import DAY
from chalicelib.jobs.ports import Acknowledged, Acknowledgements, Counters

MOST_POINTS = 1500
MOST_ROWS = 3000
"""Stored buckets that a series is summed from, for each type; and hours of groups of errors that one answer is made
from: about a megabyte, one or two requests."""
DEFAULT_SPAN = 3600.0
LONGEST = 30 * DAY
MOST_GROUPS = 100
COUNTED_BACK = frozenset({"depth", "oldest"})
"""Metrics that are counted back from now, whatever part of them is shown."""


@dataclass(frozen=True, slots=True)
class Series:
    """A time series, oldest point first. Times in seconds since the epoch."""

    start: float
    end: float
    points: list[dict[str, Any]]
    drain_eta: float | None


@dataclass(frozen=True, slots=True)
class Errors:
    """Groups of errors, most frequent first; `truncated` when there are more."""

    groups: list[dict[str, Any]]
    acknowledged: Mapping[str, Acknowledged]
    truncated: bool
    since: float
    now: float


@dataclass(frozen=True, slots=True)
class History:
    """Reads the counters as they went."""

    counters: Counters
    acknowledgements: Acknowledgements
    clock: Callable[[], float]

    def series(
        self, metric: str, names: Sequence[str], only: str | None, span: tuple[float | None, float | None], step: int
    ) -> Series:
        """Return `metric` of these types in steps of so many seconds, at most 1,500; `only` is the type asked for."""
        now = self.clock()
        end = now if span[1] is None else min(span[1], now)
        last = now if metric in COUNTED_BACK else end
        start = max(end - DEFAULT_SPAN if span[0] is None else span[0], last - (most_points(step) - 1) * step)
        buckets = [
            b for name in names for b in self.counters.buckets(name, resolution(step), start - start % step, last)
        ]
        recent = [b for name in names for b in self.counters.buckets(name, 60, now - DRAIN_WINDOW, now)]
        standing = self.counters.standing()
        unfinished, running = (
            sum(count(standing.totals, status, only) for status in states) for states in (ACTIVE, ON_QUEUE)
        )
        steps = gather(buckets, start, last, step)
        if metric == "oldest":
            points = oldest(steps, step, queued_since(standing, names, now), now)
        else:
            points = _points(metric, steps, unfinished)
        shown = [point for point in points if metric not in COUNTED_BACK or point["t"] <= end]
        return Series(min(start, end), end, shown, drain_eta(recent, running, now))

    def errors(self, job_type: str | None, since: float | None) -> Errors:
        """Return the groups of errors of a type, or of all, since then: default a day, at most 30."""
        now = self.clock()
        begin = max(now - DAY if since is None else since, now - LONGEST)
        start = begin - begin % 3600
        hours = self.counters.errors(min(start, spark_start(now)), now, MOST_ROWS)
        found = error_groups(hours, now, job_type, start)
        marks = self.acknowledgements.acknowledged() if found else {}
        return Errors(found[:MOST_GROUPS], marks, len(found) > MOST_GROUPS or len(hours) >= MOST_ROWS, begin, now)

    def health(self, names: Sequence[str]) -> list[Finding]:
        """Return the findings about these types, most urgent first: a query a type, and three."""
        now = self.clock()
        minutes = {name: self.counters.buckets(name, 60, now - HOUR, now) for name in names}
        errors = self.counters.errors(now - DAY, now, MOST_ROWS)
        return findings(self.counters.standing(), minutes, errors, self.acknowledgements.acknowledged(), now)


def most_points(step: int) -> int:
    """Return how many points a series has at most: of steps that are made of several buckets there are fewer."""
    return min(MOST_POINTS, MOST_ROWS * resolution(step) // step)


def _points(metric: str, steps: Steps, unfinished: int) -> list[dict[str, Any]]:
    match metric:
        case "throughput":
            return throughput(steps)
        case "failures":
            return failures(steps)
        case "depth":
            return depth(steps, unfinished)
        case "wait_spread" | "run_spread" | "total_spread":
            return spreads(steps, metric.removesuffix("_spread"))
        case _:
            return durations(steps, metric)

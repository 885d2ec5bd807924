"""Read numbers over time: choose the rows of a request, and limit how many are read."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.counters.constants import (
    DEAD_LETTERS_PAGE,
    DEAD_LETTERS_READ_AGAIN,
    DEAD_LETTERS_READ_ANYWAY,
    DEFAULT_SPAN,
    LONGEST_SPAN,
    MOST_DEAD_LETTERS_READ,
    MOST_ERROR_GROUPS,
    MOST_POINTS,
    MOST_ROWS,
)
from chalicelib.counters.flow import Flow, flow
from chalicelib.counters.health import HOUR, Dead, Finding, LongBlocked, came, findings, needs_attention
from chalicelib.counters.overdue_suspended import OverdueSuspended
from chalicelib.counters.port import Acknowledged, Acknowledgements, Counters, Standing
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
    suspended,
    throughput,
)
from chalicelib.counters.snapshot import count, queued_since
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import ACTIVE, BACKLOG, Status
from chalicelib.jobs.port import Filter, JobStore

COUNTED_BACK = frozenset({"depth", "oldest", "suspended"})
"""Metrics that are counted backwards from now, even if only an earlier part is shown."""


@dataclass(frozen=True, slots=True)
class Series:
    """A time series, oldest point first. Times in seconds since the epoch."""

    start: float
    end: float
    points: list[dict[str, Any]]
    drain_eta: float | None


@dataclass(frozen=True, slots=True)
class Errors:
    """Groups of errors, most frequent first; `truncated`: there are more groups."""

    groups: list[dict[str, Any]]
    acknowledged: Mapping[str, Acknowledged]
    truncated: bool
    since: float
    now: float


@dataclass
class DeadLetters:
    """Read the dead letters of all types, and cache them, so that many open consoles cause only one read."""

    store: JobStore
    clock: Callable[[], float]
    _seen: Sequence[Dead] | None = field(default=None, repr=False)
    _numbers: Mapping[str, int] = field(default_factory=dict, repr=False)
    _at: float = field(default=0.0, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def look(self, standing: Standing) -> Sequence[Dead] | None:
        """Return the dead letters, as read up to five minutes ago; None if there are over MOST_DEAD_LETTERS_READ."""
        dead = {name: n for (name, status), n in standing.totals.items() if status is Status.DEAD_LETTER and n}
        if not dead or sum(dead.values()) > MOST_DEAD_LETTERS_READ:
            return None if dead else ()
        with self._lock:
            keep = (
                DEAD_LETTERS_READ_ANYWAY
                if dead == self._numbers and self._seen is not None
                else DEAD_LETTERS_READ_AGAIN
            )
            if not self._numbers or not 0 <= self.clock() - self._at < keep:
                self._seen, self._numbers, self._at = self._read(), dead, self.clock()
            return self._seen

    def _read(self) -> Sequence[Dead] | None:
        found: list[Dead] = []
        position: str | None = None
        for _ in range(MOST_DEAD_LETTERS_READ // DEAD_LETTERS_PAGE + 1):
            page = self.store.page(Filter(status=Status.DEAD_LETTER), DEAD_LETTERS_PAGE, position)
            found += [Dead(job.type, job.fingerprint, job.finished_at or job.updated_at) for job in page.jobs]
            position = page.position
            if position is None:
                return found
        return None


@dataclass(frozen=True, slots=True)
class History:
    """Read the counters over time."""

    counters: Counters
    acknowledgements: Acknowledgements
    clock: Callable[[], float]
    dead_letters: DeadLetters
    overdue: OverdueSuspended
    blocked: Callable[[Standing], Mapping[str, LongBlocked]] = lambda _: {}
    """Returns for each type the limit for which its jobs wait too long."""

    def series(
        self, metric: str, names: Sequence[str], only: str | None, span: tuple[float | None, float | None], step: int
    ) -> Series:
        """Return `metric` of these types as points of `step` seconds each, at most 1,500 points.

        `only` is the requested type; None: all types.
        """
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
            sum(count(standing.totals, status, only) for status in states) for states in (ACTIVE, BACKLOG)
        )
        steps = gather(buckets, start, last, step)
        if metric == "oldest":
            points = oldest(steps, step, queued_since(standing, names, now), now)
        elif metric == "suspended":
            points = suspended(steps, count(standing.totals, Status.SUSPENDED, only))
        else:
            points = _points(metric, steps, unfinished)
        shown = [point for point in points if metric not in COUNTED_BACK or point["t"] <= end]
        return Series(min(start, end), end, shown, drain_eta(recent, running, now))

    def flows(self, names: Sequence[str]) -> dict[str, Flow]:
        """Return how fast the jobs of these types come, start and end: one query for each type, and one more."""
        now = self.clock()
        standing = self.counters.standing()
        return {
            name: flow(
                self.counters.buckets(name, 60, now - HOUR - now % 60, now),
                sum(count(standing.totals, status, name) for status in BACKLOG),
                now,
            )
            for name in names
        }

    def errors(self, job_type: str | None, since: float | None, *, unacknowledged: bool = False) -> Errors:
        """Return the error groups of a type (None: all types) since `since` (None: a day ago), at most 30 days ago.

        With `unacknowledged` and `since` None, these are the groups that `health` counts.
        """
        now = self.clock()
        begin = max(now - DAY if since is None else since, now - LONGEST_SPAN)
        start = begin - begin % 3600
        hours = self.counters.errors(min(start, spark_start(now)), now, MOST_ROWS)
        found = error_groups(hours, now, job_type, start)
        marks = self.acknowledgements.acknowledged() if found else {}
        if unacknowledged:
            found = [
                group for group in found
                if needs_attention(group["error_class"], marks.get(group["fingerprint"]), group["last_seen"])
            ]  # fmt: skip
        return Errors(
            found[:MOST_ERROR_GROUPS], marks, len(found) > MOST_ERROR_GROUPS or len(hours) >= MOST_ROWS, begin, now
        )

    def health(self, names: Sequence[str]) -> list[Finding]:
        """Return the findings about these types, most urgent first: one query per type, and three more.

        The dead letters are also read if some of them are new, or if there are marks: at most once in 30 seconds.
        If jobs are suspended, those whose wait is over are searched, at most once a minute; if jobs are blocked, the
        limits for which they wait too long.
        """
        now = self.clock()
        minutes = {name: self.counters.buckets(name, 60, now - HOUR, now) for name in names}
        day = now - DAY
        # Begin at the start of the hour, like the method `errors`, so that both count the same rows.
        errors = self.counters.errors(day - day % 3600, now, MOST_ROWS)
        standing, marks = self.counters.standing(), self.acknowledgements.acknowledged()
        new = any(came(minutes[name], now) for name in names)
        dead = self.dead_letters.look(standing) if marks or new else None
        overdue, blocked = self.overdue.look(standing), self.blocked(standing)
        return findings(standing, minutes, errors, marks, now, dead, overdue, blocked)


def most_points(step: int) -> int:
    """Return the maximum number of points of a series; steps that combine several buckets allow fewer."""
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

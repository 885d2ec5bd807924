"""Say how fast the jobs of a type come, start and end, from its minute buckets. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.counters.constants import GROWTH_MINUTES
from chalicelib.counters.health import growth
from chalicelib.counters.histogram import mean, percentile
from chalicelib.counters.series import INTO, OUT_OF, Buckets, counted, drain_eta, grid, happened

HOUR = 3600.0
ENDS = ("completed", "failed", "dead_lettered")


@dataclass(frozen=True, slots=True)
class Times:
    """Durations in milliseconds; None where nothing was measured."""

    count: int
    mean: float | None
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Flow:
    """The jobs of a type in the last hour, and their speed in the last whole minutes, in jobs a minute.

    `came` counts created and retried jobs, `started` attempts, `left` jobs that ended.
    """

    came: float
    started: float
    left: float
    growth: float
    drain_eta: float | None
    run: Times
    wait: Times
    hour: Mapping[str, int]
    completed: Sequence[int]


def flow(minutes: Buckets, unfinished: int, now: float) -> Flow:
    """Return the flow of a type with these minute buckets of the last hour, and this number of jobs on its queue.

    If no attempt ended in the last minutes, `run` and `wait` are those of the whole hour.
    """
    end = now - now % 60
    recent = _sum(minutes, end - 60 * GROWTH_MINUTES, end)
    whole = _sum(minutes, now - HOUR - 60, now)
    by_minute = {at: numbers.get("completed", 0) for at, numbers in minutes}
    return Flow(
        came=_pace(sum(recent[name] for name in INTO)),
        started=_pace(sum(counted(recent, "wait").values())),
        left=_pace(sum(recent[name] for name in OUT_OF)),
        growth=growth(minutes, now),
        drain_eta=drain_eta(minutes, unfinished, now),
        run=_times(recent, "run") or _times(whole, "run") or NONE,
        wait=_times(recent, "wait") or _times(whole, "wait") or NONE,
        hour=happened(whole, ("created", "retried", "deferred", *ENDS)),
        completed=[by_minute.get(at, 0) for at in grid(now - HOUR, now, 60)],
    )


NONE = Times(0, None, None, None)


def _sum(minutes: Buckets, start: float, end: float) -> Counter[str]:
    total: Counter[str] = Counter()
    for at, numbers in minutes:
        if start <= at < end:
            total.update(numbers)
    return total


def _times(numbers: Counter[str], which: str) -> Times | None:
    """Return the durations of one kind; None if nothing was measured."""
    counts = counted(numbers, which)
    if not counts:
        return None
    return Times(sum(counts.values()), mean(counts), percentile(counts, 0.5), percentile(counts, 0.95))


def _pace(jobs: int) -> float:
    return round(jobs / GROWTH_MINUTES, 1)

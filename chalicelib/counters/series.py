"""Make time series and error groups from counter rows. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.counters.constants import PACE_WINDOWS, SPARKLINE_HOURS
from chalicelib.counters.histogram import octaves, percentile
from chalicelib.counters.keys import STEPS
from chalicelib.counters.port import ErrorHour

EVENTS = ("created", "completed", "failed", "retried", "dead_lettered", "deferred")
INTO = ("created", "requeued")
OUT_OF = ("completed", "failed", "dead_lettered", "cancelled")
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
DRAIN_WINDOW = max(PACE_WINDOWS)

Buckets = Sequence[tuple[float, Mapping[str, int]]]
"""(start of the bucket in epoch seconds, its numbers), oldest first."""

Steps = Sequence[tuple[float, Counter[str]]]
"""(start of the step, sums of the step), oldest first."""


def resolution(step: int) -> int:
    """Return the stored bucket length (seconds) for a series: the longest stored length that divides `step`."""
    return max(seconds for seconds in STEPS if step % seconds == 0)


def grid(start: float, end: float, step: int) -> list[float]:
    """Return the times of a series' points: whole steps from the one that contains `start` up to `end`."""
    first = int(start // step) * step
    return [float(at) for at in range(first, int(end) + 1, step)]


def gather(buckets: Buckets, start: float, end: float, step: int) -> Steps:
    """Return the buckets summed to steps, with empty steps where nothing happened."""
    steps = {at: Counter[str]() for at in grid(start, end, step)}
    for at, numbers in buckets:
        into = steps.get(float(int(at // step) * step))
        if into is not None:
            into.update(numbers)
    return sorted(steps.items())


def throughput(steps: Steps) -> list[dict[str, Any]]:
    """Return the counts of each step."""
    return [{"t": at, **happened(numbers, EVENTS)} for at, numbers in steps]


def happened(numbers: Counter[str], events: Iterable[str]) -> dict[str, int]:
    """Return these numbers. The stored `retried` includes deferred attempts, which are counted separately here."""
    whole = numbers | {"retried": max(0, numbers["retried"] - numbers["deferred"])}
    return {event: whole.get(event, 0) for event in events}


def failures(steps: Steps) -> list[dict[str, Any]]:
    """Return the failures of each step, and their share of the jobs that ended."""
    return [{"t": at, **_failed(numbers)} for at, numbers in steps]


def durations(steps: Steps, which: str) -> list[dict[str, Any]]:
    """Return the number of measurements in each step, and their percentiles in milliseconds."""
    return [{"t": at, **_summary(numbers, which)} for at, numbers in steps]


def spreads(steps: Steps, which: str) -> list[dict[str, Any]]:
    """Return the number of durations in each octave of each step, the shortest first."""
    return [
        {"t": at, "counts": [{"up_to_ms": top, "count": n} for top, n in octaves(counted(numbers, which))]}
        for at, numbers in steps
    ]


def depth(steps: Steps, unfinished: int) -> list[dict[str, Any]]:
    """Return the unfinished jobs (also scheduled ones) at the end of each step, counted backwards from now.

    The last step must contain the present moment.
    """
    points, left = [], unfinished
    for at, numbers in reversed(steps):
        points.append({"t": at, "depth": max(0, left)})
        left -= sum(numbers[name] for name in INTO) - sum(numbers[name] for name in OUT_OF)
    return points[::-1]


def suspended(steps: Steps, now_suspended: int) -> list[dict[str, Any]]:
    """Return the suspended jobs at the end of each step, counted backwards from now, as `depth` does."""
    points, left = [], now_suspended
    for at, numbers in reversed(steps):
        points.append({"t": at, "suspended": max(0, left)})
        left -= numbers["suspended"] - numbers["resumed"]
    return points[::-1]


def oldest(steps: Steps, step: int, since: float | None, now: float) -> list[dict[str, Any]]:
    """Return for each step the minimum seconds that its oldest job had waited; None if no job waited.

    A job that started in a step had waited for the recorded time. Two kinds of jobs wait at the end of a step: jobs
    that started later, and jobs that are still queued, of which the oldest waits since `since`. The exact time at which
    a job started within a later step is unknown, so the end of that step is used. The last step must contain the
    present moment.
    """
    points: list[dict[str, Any]] = []
    begun = math.inf if since is None else since
    for at, numbers in reversed(steps):
        end = min(at + step, now)
        longest = percentile(counted(numbers, "wait"), 1.0)
        waited = [end - begun] * (begun < end) + ([] if longest is None else [longest / 1000])
        points.append({"t": at, "oldest_s": round(max(waited), 3) if waited else None})
        begun = min(begun, math.inf if longest is None else end - longest / 1000)
    return points[::-1]


def drain_eta(recent: Buckets, active_now: int, now: float) -> float | None:
    """Return the seconds until the backlog is empty; None without a backlog, or if it grows.

    `recent` are the minute buckets of the last DRAIN_WINDOW seconds. The shortest of the PACE_WINDOWS in which the
    backlog shrinks is used, so that one large batch does not count as growth for ten minutes.
    """
    for window in PACE_WINDOWS:
        within = [(at, counted) for at, counted in recent if at >= now - window]
        numbers = sum((Counter(counted) for _, counted in within), Counter[str]())
        net = sum(numbers[name] for name in OUT_OF) - sum(numbers[name] for name in INTO)
        if active_now and net > 0:
            return round(active_now * _covered(now, window) / net, 1)
    return None


def _covered(now: float, window: float) -> float:
    """Return the seconds covered by the whole minutes of a window, with the elapsed part of the present minute."""
    first = math.ceil((now - window) / 60) * 60
    return max(1.0, now - first)


def spark_start(now: float) -> float:
    """Return the start of the first hour of a sparkline."""
    return (now // 3600 - (SPARKLINE_HOURS - 1)) * 3600


def error_groups(
    hours: Iterable[ErrorHour], now: float, job_type: str | None = None, since: float = 0.0
) -> list[dict[str, Any]]:
    """Return the errors by fingerprint, most frequent first, of the hours from `since` (epoch seconds).

    Each group has a sparkline of its last 24 hours, whatever `since` is, as far as `hours` contains these hours.
    """
    groups: dict[str, list[ErrorHour]] = {}
    for hour in hours:
        if job_type in (None, hour.numbers["type"]):
            groups.setdefault(hour.fingerprint, []).append(hour)
    found = [_group(rows, now, since) for rows in groups.values() if any(row.hour >= since for row in rows)]
    return sorted(found, key=lambda group: (-group["count"], group["fingerprint"]))


def _group(every: list[ErrorHour], now: float, since: float) -> dict[str, Any]:
    rows = sorted((row for row in every if row.hour >= since), key=lambda row: row.hour)
    newest = rows[-1].numbers
    first = spark_start(now)
    by_hour = {row.hour: int(row.numbers["count"]) for row in every}
    samples = [numbers[f"job{slot}"] for numbers in (row.numbers for row in reversed(rows)) for slot in range(3)
               if f"job{slot}" in numbers]  # fmt: skip
    return {
        "fingerprint": rows[0].fingerprint,
        "type": newest["type"],
        "error_class": newest["error_class"],
        "message": newest["message"],
        "count": sum(by_hour[row.hour] for row in rows),
        "jobs": sum(int(row.numbers.get("jobs", 0)) for row in rows),
        "first_seen": rows[0].numbers["first_seen"],
        "last_seen": newest["last_seen"],
        "sample_job_ids": list(dict.fromkeys(samples))[:5],
        "sparkline": [by_hour.get(first + n * 3600, 0) for n in range(SPARKLINE_HOURS)],
        "sparkline_step_s": 3600,
    }


def _failed(numbers: Counter[str]) -> dict[str, Any]:
    bad = numbers["failed"] + numbers["dead_lettered"]
    ended = bad + numbers["completed"]
    return {
        **happened(numbers, ("failed", "dead_lettered", "retried")),
        "ratio": round(bad / ended, 4) if ended else None,
    }


def _summary(numbers: Counter[str], which: str) -> dict[str, Any]:
    counts = counted(numbers, which)
    return {"count": sum(counts.values()), **{name: percentile(counts, at) for name, at in PERCENTILES.items()}}


def counted(numbers: Counter[str], which: str) -> dict[int, int]:
    """Return the buckets of one kind of durations."""
    return {int(key[len(which) :]): n for key, n in numbers.items() if key[: len(which)] == which and n > 0
            and key[len(which) :].isdigit()}  # fmt: skip

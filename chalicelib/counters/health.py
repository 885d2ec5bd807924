"""Find what needs attention, most urgent first. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.counters import backlog
from chalicelib.counters.series import INTO, OUT_OF, Buckets, drain_eta
from chalicelib.counters.snapshot import count
from chalicelib.jobs.job import ON_QUEUE, Status
from chalicelib.jobs.ports import Acknowledged, ErrorHour, Standing

GROWTH_MINUTES = 5
"""Whole minutes over which growth is taken: long enough that one batch is no trend."""
LEAST_GROWTH = 1.0
"""Jobs a minute below which a backlog counts as steady."""
HOUR = 3600.0


class Kind(StrEnum):
    """Kinds of findings, in the order of their urgency."""

    NEW_DEAD_LETTERS = "new_dead_letters"
    GROWING = "growing"
    PAUSED = "paused"
    ERRORS = "errors"
    DEAD_LETTERS = "dead_letters"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one job type. `number` are jobs, or groups of errors; `since` is in epoch seconds.

    `growth` is in jobs a minute, `drain_eta` in seconds.
    """

    kind: Kind
    type: str
    number: int
    growth: float | None = None
    drain_eta: float | None = None
    since: float | None = None


def findings(
    standing: Standing,
    minutes: Mapping[str, Buckets],
    errors: Iterable[ErrorHour],
    acknowledged: Mapping[str, Acknowledged],
    now: float,
) -> list[Finding]:
    """Rank what there is to see; `minutes` are each type's minute buckets of the last hour."""
    open_groups = _open(errors, acknowledged)
    found = [one for name in minutes for one in _of_type(name, standing, minutes[name], open_groups, now)]
    order = list(Kind)
    return sorted(found, key=lambda one: (order.index(one.kind), -abs(one.growth or 0.0), -one.number, one.type))


def growth(minutes: Buckets, now: float) -> float:
    """Return by how many jobs a minute the unfinished jobs became more, over the last whole minutes."""
    end = now - now % 60
    within = [counted for at, counted in minutes if end - 60 * GROWTH_MINUTES <= at < end]
    numbers = sum((Counter(counted) for counted in within), Counter[str]())
    net = sum(numbers[name] for name in INTO) - sum(numbers[name] for name in OUT_OF)
    return round(net / GROWTH_MINUTES, 1)


def _of_type(
    name: str, standing: Standing, minutes: Buckets, open_groups: Mapping[str, set[str]], now: float
) -> Iterable[Finding]:
    new = sum(counted.get("dead_lettered", 0) for at, counted in minutes if at >= now - HOUR)
    dead = count(standing.totals, Status.DEAD_LETTER, name)
    if new:
        yield Finding(Kind.NEW_DEAD_LETTERS, name, new)
    if dead > new:
        yield Finding(Kind.DEAD_LETTERS, name, dead - new)
    if name in standing.paused:
        yield Finding(Kind.PAUSED, name, count(standing.totals, Status.QUEUED, name), since=standing.paused[name].since)
    if open_groups.get(name):
        yield Finding(Kind.ERRORS, name, len(open_groups[name]))
    waiting = sum(count(standing.totals, status, name) for status in ON_QUEUE)
    change, oldest = growth(minutes, now), backlog.oldest(standing.waiting.get(name, {}), now)
    if waiting and change >= LEAST_GROWTH:
        yield Finding(Kind.GROWING, name, waiting, growth=change, since=oldest)
    elif waiting and (eta := drain_eta(minutes, waiting, now)) is not None:
        yield Finding(Kind.DRAINING, name, waiting, growth=change, drain_eta=eta, since=oldest)


def _open(errors: Iterable[ErrorHour], acknowledged: Mapping[str, Acknowledged]) -> dict[str, set[str]]:
    """Return the groups by type that nobody has acknowledged, or that were seen again after it."""
    found: dict[str, set[str]] = {}
    for hour in errors:
        mark = acknowledged.get(hour.fingerprint)
        if mark is None or float(hour.numbers["last_seen"]) > mark.at:
            found.setdefault(str(hour.numbers["type"]), set()).add(hour.fingerprint)
    return found

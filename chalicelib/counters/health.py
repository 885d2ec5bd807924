"""Find what needs attention, most urgent first. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.counters import backlog
from chalicelib.counters.port import Acknowledged, ErrorHour, Standing
from chalicelib.counters.series import INTO, OUT_OF, Buckets, drain_eta
from chalicelib.counters.snapshot import count
from chalicelib.jobs.job import ON_QUEUE, Status

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

    `growth` is in jobs a minute, `drain_eta` in seconds. Of older dead letters, `acknowledged` tells how many were
    there when somebody acknowledged their error (None: not known), and `fingerprint` that error if it is only one.
    """

    kind: Kind
    type: str
    number: int
    growth: float | None = None
    drain_eta: float | None = None
    since: float | None = None
    acknowledged: int | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """A dead letter: its type, the name of its error if it has one, and since when it is one (epoch seconds)."""

    type: str
    fingerprint: str | None
    at: float


def findings(
    standing: Standing,
    minutes: Mapping[str, Buckets],
    errors: Iterable[ErrorHour],
    acknowledged: Mapping[str, Acknowledged],
    now: float,
    dead: Sequence[Dead] | None = None,
) -> list[Finding]:
    """Rank what there is to see; `minutes` are each type's minute buckets of the last hour.

    `dead` are all dead letters; None where nobody has looked at them.
    """
    open_groups = _open(errors, acknowledged)
    found = [one for name in minutes for one in _of_type(name, standing, minutes[name], open_groups, now)]
    found += [older for name in minutes if (older := _older(name, standing, minutes[name], acknowledged, now, dead))]
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
    if new := _new(minutes, now):
        yield Finding(Kind.NEW_DEAD_LETTERS, name, new)
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


def _new(minutes: Buckets, now: float) -> int:
    return sum(counted.get("dead_lettered", 0) for at, counted in minutes if at >= _new_since(now))


def _new_since(now: float) -> float:
    """Return from when on a dead letter is new: the first whole minute of the last hour, as counters tell no finer.

    One border for both findings: with two, a dead letter between them would be in neither.
    """
    return math.ceil((now - HOUR) / 60) * 60.0


def _older(
    name: str,
    standing: Standing,
    minutes: Buckets,
    marks: Mapping[str, Acknowledged],
    now: float,
    dead: Sequence[Dead] | None,
) -> Finding | None:
    """Return what is known of a type's older dead letters; the counters do not tell which error each one has."""
    number = max(0, count(standing.totals, Status.DEAD_LETTER, name) - _new(minutes, now))
    if not marks:
        return Finding(Kind.DEAD_LETTERS, name, number, acknowledged=0) if number else None
    if dead is None:
        return Finding(Kind.DEAD_LETTERS, name, number) if number else None
    older = [one for one in dead if one.type == name and one.at < _new_since(now)]
    known = [one.fingerprint for one in older if _is_known(one, marks)]
    only = known[0] if len(set(known)) == 1 else None
    return Finding(Kind.DEAD_LETTERS, name, len(older), acknowledged=len(known), fingerprint=only) if older else None


def _is_known(one: Dead, marks: Mapping[str, Acknowledged]) -> bool:
    """Return whether somebody acknowledged its error after it had ended: what comes later is new to everybody."""
    mark = None if one.fingerprint is None else marks.get(one.fingerprint)
    return mark is not None and one.at <= mark.at


def _open(errors: Iterable[ErrorHour], acknowledged: Mapping[str, Acknowledged]) -> dict[str, set[str]]:
    """Return the groups by type that nobody has acknowledged, or that were seen again after it."""
    found: dict[str, set[str]] = {}
    for hour in errors:
        mark = acknowledged.get(hour.fingerprint)
        if mark is None or float(hour.numbers["last_seen"]) > mark.at:
            found.setdefault(str(hour.numbers["type"]), set()).add(hour.fingerprint)
    return found

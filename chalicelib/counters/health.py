"""Find what needs attention, most urgent first. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.counters import wait_times
from chalicelib.counters.constants import GROWTH_MINUTES, LEAST_GROWTH
from chalicelib.counters.port import Acknowledged, ErrorHour, Standing
from chalicelib.counters.series import INTO, OUT_OF, Buckets, drain_eta
from chalicelib.counters.snapshot import count
from chalicelib.counters.troubles import Condition
from chalicelib.job_types.jobtype import queue_of
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Filter

HOUR = 3600.0


class Kind(StrEnum):
    """Kinds of findings, in the order of their urgency; a cause, such as a pause, is before what it causes."""

    NOT_STARTING = "not_starting"
    IN_FLIGHT = "in_flight"
    NEW_DEAD_LETTERS = "new_dead_letters"
    OVERDUE = "overdue"
    BLOCKED = "blocked"
    BUDGET = "budget"
    PAUSED = "paused"
    OLDEST_JOB = "oldest_job"
    GROWING = "growing"
    FAILURE_RATIO = "failure_ratio"
    ERRORS = "errors"
    DEAD_LETTERS = "dead_letters"
    DRAINING = "draining"


TROUBLES = {
    Kind.NOT_STARTING: Status.QUEUED, Kind.IN_FLIGHT: Status.RETRYING, Kind.OLDEST_JOB: Status.QUEUED,
    Kind.FAILURE_RATIO: Status.FAILED,
}  # fmt: skip
"""Kinds of findings that the watchdog has stored, with the status of the jobs that they count."""
CAUSED_BY_COUNTED = frozenset({Kind.IN_FLIGHT, Kind.FAILURE_RATIO})
"""Kinds whose cause is the counted jobs: when all of these have been retried or discarded, nothing is left to do. The
alarm may still ring for some minutes."""
ASKED_TO_WAIT = "RetryLater"
"""The error of an attempt whose function asked to run later. Its group is listed, but it is no failure."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about a job type. `number` counts jobs or error groups, or is in percent; `since` is in epoch seconds.

    `which` selects the counted jobs, so that a list with this filter has exactly `number` jobs; None for error groups
    and overdue jobs. `growth` is in jobs a minute, `drain_eta` in seconds. For older dead letters, `acknowledged` is
    the number of those whose error was acknowledged after they ended (None: unknown), and `fingerprint` is the error if
    all these dead letters have the same error. For blocked jobs, `limit` is the name of the limit.
    """

    kind: Kind
    type: str
    number: int
    growth: float | None = None
    drain_eta: float | None = None
    since: float | None = None
    acknowledged: int | None = None
    fingerprint: str | None = None
    limit: str | None = None
    which: Filter | None = None


@dataclass(frozen=True, slots=True)
class Overslept:
    """The suspended jobs of a type that nobody has woken: their number, and since when the first one is due."""

    number: int
    since: float


@dataclass(frozen=True, slots=True)
class LongBlocked:
    """The name of the limit for which the first blocked job of a type waits, and since when (epoch seconds)."""

    limit: str
    since: float


@dataclass(frozen=True, slots=True)
class Dead:
    """A dead letter: its type, the fingerprint of its error (None: no error), and its time in epoch seconds."""

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
    overslept: Mapping[str, Overslept] | None = None,
    blocked: Mapping[str, LongBlocked] | None = None,
) -> list[Finding]:
    """Rank the findings; `minutes` are each type's minute buckets of the last hour.

    `overslept` are the overdue suspended jobs by type, `blocked` the limits for which the jobs of a type wait too long.
    `dead` are all dead letters; None if they were not read. A paused type has no finding about its backlog, because the
    pause itself is reported.
    """
    open_groups = _open(errors, acknowledged)
    found = [one for name in minutes for one in _of_type(name, standing, minutes[name], open_groups, now, dead)]
    found += [older for name in minutes if (older := _older(name, standing, minutes[name], acknowledged, now, dead))]
    found += [one for name in minutes for one in _in_trouble(name, standing)]
    found += [Finding(Kind.OVERDUE, name, one.number, since=one.since) for name, one in (overslept or {}).items()]
    found += [_blocked(name, one, standing) for name, one in (blocked or {}).items() if name in minutes]
    return ranked(found)


def ranked(found: Iterable[Finding]) -> list[Finding]:
    """Return findings, most urgent first."""
    order = list(Kind)
    return sorted(found, key=lambda one: (order.index(one.kind), -abs(one.growth or 0.0), -one.number, one.type))


def growth(minutes: Buckets, now: float) -> float:
    """Return the growth of the unfinished jobs per minute, over the last whole minutes."""
    end = now - now % 60
    within = [counted for at, counted in minutes if end - 60 * GROWTH_MINUTES <= at < end]
    numbers = sum((Counter(counted) for counted in within), Counter[str]())
    net = sum(numbers[name] for name in INTO) - sum(numbers[name] for name in OUT_OF)
    return round(net / GROWTH_MINUTES, 1)


def _of_type(
    name: str,
    standing: Standing,
    minutes: Buckets,
    open_groups: Mapping[str, set[str]],
    now: float,
    dead: Sequence[Dead] | None,
) -> Iterable[Finding]:
    if new := _new(name, standing, minutes, now, dead):
        which = Filter(type=name, status=Status.DEAD_LETTER, finished_after=_new_since(now))
        yield Finding(Kind.NEW_DEAD_LETTERS, name, new, which=which)
    if open_groups.get(name):
        yield Finding(Kind.ERRORS, name, len(open_groups[name]))
    waiting, which = count(standing.totals, Status.QUEUED, name), Filter(type=name, status=Status.QUEUED)
    if name in standing.paused:
        yield Finding(Kind.PAUSED, name, waiting, since=standing.paused[name].since, which=which)
        return
    change, oldest = growth(minutes, now), wait_times.oldest(standing.waiting.get(name, {}), now)
    if waiting and change >= LEAST_GROWTH:
        yield Finding(Kind.GROWING, name, waiting, growth=change, since=oldest, which=which)
    elif waiting and (eta := drain_eta(minutes, waiting, now)) is not None:
        yield Finding(Kind.DRAINING, name, waiting, growth=change, drain_eta=eta, since=oldest, which=which)


def _blocked(name: str, one: LongBlocked, standing: Standing) -> Finding:
    number, which = count(standing.totals, Status.BLOCKED, name), Filter(type=name, status=Status.BLOCKED)
    return Finding(Kind.BLOCKED, name, number, since=one.since, limit=one.limit, which=which)


def _in_trouble(name: str, standing: Standing) -> Iterable[Finding]:
    """Return the findings for which an alarm rings, except dead letters and pauses, which have their own findings."""
    for kind, status in TROUBLES.items():
        named = standing.troubles.of(Condition(kind.replace("_", "-")))
        if name in named or queue_of(name) in named:
            number, which = count(standing.totals, status, name), Filter(type=name, status=status)
            if number or kind not in CAUSED_BY_COUNTED:
                yield Finding(kind, name, number, which=which)


def _new(name: str, standing: Standing, minutes: Buckets, now: float, dead: Sequence[Dead] | None) -> int:
    """Return how many dead letters of the last hour still exist; some may have been retried, or counted twice."""
    stands = count(standing.totals, Status.DEAD_LETTER, name)
    own = [one for one in dead or () if one.type == name]
    if stands and len(own) == stands:
        return sum(one.at >= _new_since(now) for one in own)
    # Estimate from the counters, because the dead letters have not been read since their number changed. The counters
    # contain how many dead letters came in the last hour, and how many exist.
    return min(stands, came(minutes, now))


def came(minutes: Buckets, now: float) -> int:
    """Return how many jobs became dead letters in the last hour, whatever happened to them since."""
    return sum(counted.get("dead_lettered", 0) for at, counted in minutes if at >= _new_since(now))


def _new_since(now: float) -> float:
    """Return the time from which a dead letter is new: the first whole minute of the last hour.

    The counters count by whole minutes. The findings about new and about older dead letters both use this time, so that
    each dead letter is in one of them.
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
    """Return the finding about a type's older dead letters; None if there are none.

    The counters do not store the error of each dead letter, so `acknowledged` is unknown if `dead` is None.
    """
    new = _new(name, standing, minutes, now, dead)
    number = count(standing.totals, Status.DEAD_LETTER, name) - new
    which = Filter(type=name, status=Status.DEAD_LETTER, finished_before=_new_since(now) if new else None)
    if not number:
        return None
    if not marks or dead is None:
        return Finding(Kind.DEAD_LETTERS, name, number, acknowledged=None if marks else 0, which=which)
    older = [one for one in dead if one.type == name and one.at < _new_since(now)]
    known = [one.fingerprint for one in older if _is_known(one, marks)]
    only = known[0] if len(set(known)) == 1 else None
    seen = min(number, len(known))
    return Finding(Kind.DEAD_LETTERS, name, number, acknowledged=seen, fingerprint=only, which=which)


def _is_known(one: Dead, marks: Mapping[str, Acknowledged]) -> bool:
    """Return whether the dead letter's error was acknowledged after the job had ended; earlier marks do not count."""
    mark = None if one.fingerprint is None else marks.get(one.fingerprint)
    return mark is not None and one.at <= mark.at


def needs_attention(error_class: str, mark: Acknowledged | None, last_seen: float) -> bool:
    """Return whether a group of errors is a failure that is not acknowledged, or that was seen again after that."""
    return error_class != ASKED_TO_WAIT and is_open(mark, last_seen)


def is_open(mark: Acknowledged | None, last_seen: float) -> bool:
    """Return whether a group of errors is not acknowledged, or was seen again after it was acknowledged."""
    return mark is None or last_seen > mark.at


def _open(errors: Iterable[ErrorHour], acknowledged: Mapping[str, Acknowledged]) -> dict[str, set[str]]:
    """Return the groups by type that need attention."""
    found: dict[str, set[str]] = {}
    for hour in errors:
        told = hour.numbers
        if needs_attention(str(told["error_class"]), acknowledged.get(hour.fingerprint), float(told["last_seen"])):
            found.setdefault(str(told["type"]), set()).add(hour.fingerprint)
    return found

"""Compare counters with jobs, and tell how much of a difference no job in motion can explain. Pure.

Jobs move while they are counted, so the two are never equal at work. Every move since shortly before the recount is
known from the minute buckets, and one move changes a number by one: only what exceeds them is *sure*. That the
counters have every move before the recount ended is shown by its canaries, not assumed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.counters import backlog, keys
from chalicelib.counters.port import Seen
from chalicelib.counters.standing import STATES
from chalicelib.jobs.job import Status

QUIET = ("run", "total")
"""Numbers of a minute bucket that count no move of their own: a duration is counted with the move that ends it."""

Tally = dict[str, Counter[str]]
"""Numbers of the rows of totals, by type."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A number of a type's row that is not what the jobs say; `moved` bounds what jobs in motion explain of it."""

    job_type: str
    name: str
    counted: int
    found: int
    moved: int

    @property
    def status(self) -> Status | None:
        """The status it is about; None for a number that tells since when jobs wait."""
        return STATES.get(self.name)

    @property
    def difference(self) -> int:
        """Return the amounts to add to make the counters right, if nothing is in motion."""
        return self.found - self.counted

    @property
    def sure(self) -> int:
        """The part of the difference that jobs in motion cannot explain."""
        beyond = max(0, abs(self.difference) - self.moved)
        return beyond if self.difference > 0 else -beyond


def tally(jobs: Iterable[Seen], now: float, into: Tally | None = None) -> Tally:
    """Count the jobs as the rows of totals should have them; `now` in epoch seconds.

    Of the times of waiting only the hours: finer ones are gone within 4 hours, also where they are wrong.
    """
    found: Tally = {} if into is None else into
    for job in jobs:
        numbers = found.setdefault(job.type, Counter())
        numbers[keys.number(job.status)] += 1
        if job.status is Status.QUEUED:
            waits = backlog.queued(job.updated_at, now)
            numbers.update({name: n for name, n in waits.items() if backlog.is_coarse(name)})
    return found


def jobs_in(found: Tally) -> int:
    """Return how many jobs were counted."""
    return sum(n for numbers in found.values() for name, n in numbers.items() if name in STATES)


def moves_in(buckets: Iterable[Mapping[str, int]]) -> int:
    """Return at most how many moves of jobs are counted in these buckets."""
    return sum(n for bucket in buckets for name, n in bucket.items() if not name.startswith(QUIET))


def compare(job_type: str, found: Mapping[str, int], counted: Mapping[str, int], moved: int) -> tuple[Drift, ...]:
    """Return every number of a type's row that differs; `moved` are the type's moves since the recount began."""
    drifts = [
        Drift(job_type, name, int(counted.get(name, 0)), found.get(name, 0), moved)
        for name in sorted({*found, *counted})
        if name in STATES or (name.startswith(keys.WAITING) and backlog.is_coarse(name))
    ]
    return tuple(drift for drift in drifts if drift.difference)


def sure(drifts: Iterable[Drift]) -> Tally:
    """Return what to add to which number of which type, as far as it is sure."""
    found: Tally = {}
    for drift in drifts:
        if drift.sure:
            found.setdefault(drift.job_type, Counter())[drift.name] = drift.sure
    return found


def named(numbers: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return numbers about statuses as one mapping for people: "email.send#completed"."""
    return {
        f"{job_type}#{STATES[name]}": n
        for job_type, by_name in numbers.items()
        for name, n in by_name.items()
        if name in STATES
    }

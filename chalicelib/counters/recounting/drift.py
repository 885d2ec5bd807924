"""Compare counters with jobs, and compute the difference that moving jobs cannot explain. Pure.

Jobs move while they are counted, so counters and jobs are never equal under load. The minute buckets contain every move
since shortly before the recount, and each move changes a number by one. A difference is *sure* only as far as it is
larger than the number of moves. The canaries prove that the counters have every move before the end of the recount.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.counters import keys, wait_times
from chalicelib.counters.port import Seen
from chalicelib.counters.standing import STATES
from chalicelib.jobs.job import Status

QUIET = ("run", "total", "suspended", "resumed", "deferred")
"""Numbers of a minute bucket that do not count as moves: each is counted together with another number of the same
move."""

Tally = dict[str, Counter[str]]
"""Numbers of the rows of totals, by type."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A number of a type's row that differs from the jobs; moving jobs explain a difference of at most `moved`."""

    job_type: str
    name: str
    counted: int
    found: int
    moved: int

    @property
    def status(self) -> Status | None:
        """Return the status of the number; None for a number about waiting times."""
        return STATES.get(self.name)

    @property
    def difference(self) -> int:
        """Return the amount that would correct the counter if no job had moved."""
        return self.found - self.counted

    @property
    def sure(self) -> int:
        """Return the part of the difference that moving jobs cannot explain."""
        beyond = max(0, abs(self.difference) - self.moved)
        return beyond if self.difference > 0 else -beyond


def tally(jobs: Iterable[Seen], now: float, into: Tally | None = None) -> Tally:
    """Count the jobs in the form of the rows of totals; `now` in epoch seconds.

    Of the waiting times, only the coarse marks are counted: finer marks disappear within 4 hours, even if they are
    wrong.
    """
    found: Tally = {} if into is None else into
    for job in jobs:
        numbers = found.setdefault(job.type, Counter())
        numbers[keys.number(job.status)] += 1
        if job.status is Status.QUEUED:
            waits = wait_times.queued(job.updated_at, now)
            numbers.update({name: n for name, n in waits.items() if wait_times.is_coarse(name)})
    return found


def jobs_in(found: Tally) -> int:
    """Return the number of counted jobs."""
    return sum(n for numbers in found.values() for name, n in numbers.items() if name in STATES)


def moves_in(buckets: Iterable[Mapping[str, int]]) -> int:
    """Return the maximum number of moves in these buckets."""
    return sum(n for bucket in buckets for name, n in bucket.items() if not name.startswith(QUIET))


def compare(job_type: str, found: Mapping[str, int], counted: Mapping[str, int], moved: int) -> tuple[Drift, ...]:
    """Return every differing number of a type's row; `moved` are the type's moves since the recount began."""
    drifts = [
        Drift(job_type, name, int(counted.get(name, 0)), found.get(name, 0), moved)
        for name in sorted({*found, *counted})
        if name in STATES or (name.startswith(keys.WAITING) and wait_times.is_coarse(name))
    ]
    return tuple(drift for drift in drifts if drift.difference)


def sure(drifts: Iterable[Drift]) -> Tally:
    """Return the sure corrections by type and number."""
    found: Tally = {}
    for drift in drifts:
        if drift.sure:
            found.setdefault(drift.job_type, Counter())[drift.name] = drift.sure
    return found


def named(numbers: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return the number of jobs in each status as one mapping with readable names: "email.send#completed"."""
    return {
        f"{job_type}#{STATES[name]}": n
        for job_type, by_name in numbers.items()
        for name, n in by_name.items()
        if name in STATES
    }

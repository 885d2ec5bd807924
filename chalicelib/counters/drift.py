"""Where the counters and the jobs disagree, and how much of that no job in motion can explain. Pure.

Counters lag behind the jobs by seconds, and jobs move while they are counted, so the two are never equal at work.
Two bounds keep a recount from "repairing" what is merely on its way. Every move since shortly before the recount is
known from the minute buckets, and one move changes a number by one: only what exceeds them is *sure*. And a change
that the stream has not delivered yet looks like drift for as long as it is stuck: only what two recounts find alike,
further apart than the stream keeps a change, is *confirmed*.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.counters import backlog
from chalicelib.jobs.job import Status
from chalicelib.jobs.ports import Seen

NUMBER = "n#"
QUIET = ("run", "total")
"""Numbers of a minute bucket that count no move of their own: a duration is counted with the move that ends it."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A number of the row of totals that is not what the jobs say; `moved` bounds what jobs in motion explain of it."""

    name: str
    counted: int
    found: int
    moved: int

    @property
    def job_type(self) -> str:
        """The type it is about."""
        return self.name.split("#")[1]

    @property
    def status(self) -> Status | None:
        """The status it is about; None for a number that tells since when jobs wait."""
        return Status(self.name.split("#")[2]) if self.name.startswith(NUMBER) else None

    @property
    def difference(self) -> int:
        """What must be added to make the counters right, if nothing is in motion."""
        return self.found - self.counted

    @property
    def sure(self) -> int:
        """The part of the difference that jobs in motion cannot explain."""
        beyond = max(0, abs(self.difference) - self.moved)
        return beyond if self.difference > 0 else -beyond


def numbers_of(jobs: Iterable[Seen]) -> Counter[str]:
    """What the row of totals should say of these jobs."""
    numbers: Counter[str] = Counter()
    for job in jobs:
        numbers[f"{NUMBER}{job.type}#{job.status}"] += 1
        if job.status is Status.QUEUED:
            numbers.update(backlog.came(job.type, job.updated_at))
    return numbers


def moves_in(buckets: Iterable[Mapping[str, int]]) -> int:
    """At most how many moves of jobs are counted in these buckets."""
    return sum(n for bucket in buckets for name, n in bucket.items() if not name.startswith(QUIET))


def compare(
    found: Mapping[str, int], counted: Mapping[str, int], moved: Mapping[str, int], now: float
) -> tuple[Drift, ...]:
    """Every number that differs, by name; `moved` are the moves of each type since the recount began."""
    names = sorted({*found, *counted})
    drifts = [
        Drift(name, int(counted.get(name, 0)), found.get(name, 0), moved.get(name.split("#")[1], 0))
        for name in names
        if name.startswith(NUMBER) or backlog.is_live(name, now)
    ]
    return tuple(drift for drift in drifts if drift.difference)


def sure(drifts: Iterable[Drift]) -> dict[str, int]:
    """What to add to which number, as far as it is sure."""
    return {drift.name: drift.sure for drift in drifts if drift.sure}


def confirmed(earlier: Mapping[str, int], later: Mapping[str, int]) -> dict[str, int]:
    """What two recounts agree on: where both miss or both have too much, the smaller part."""
    return {
        name: min(earlier[name], n, key=abs)
        for name, n in later.items()
        if name in earlier and (earlier[name] > 0) == (n > 0)
    }

"""How soon a job without a message is found, and what a run reads, however many jobs wait: by counting, not by time.

A million waiting jobs are not made one by one: a store that answers for them counts what would be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.port import Standing
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Depth, Overdue, Search
from chalicelib.producing.service import JobService
from chalicelib.watchdog.run import Watchdog
from tests.support import T0, Clock, a_job

MILLION = 1_000_000
RATE = 100
"""Jobs a second at which the backlog came in: the million took 10,000 seconds."""
FLOODED, QUIET = "a.flooded", "b.quiet"


@dataclass
class Backlog(MemoryJobStore):
    """Beside its own jobs so many of one type that were sent and wait, the first of them since T0."""

    clock: Clock = field(default_factory=Clock)
    waiting: int = MILLION
    read: int = 0

    def __post_init__(self) -> None:
        super().__init__(self.clock)

    def overdue(self, search: Search, now: float, limit: int) -> Sequence[Overdue]:
        """See JobStore: all of them are overdue, and those in the range asked for are read."""
        own = super().overdue(search, now, limit)
        if search.job_type != FLOODED or search.planned:
            return own
        first = max(0, round((max(search.since or T0, T0) - T0) * RATE))
        last = min(self.waiting, round(((search.before or now) - T0) * RATE))
        self.read += max(0, last - first)
        return [*own, *(Overdue(f"waits-{n}", T0) for n in range(first, last))][:limit]

    def get_many(self, ids: Sequence[str]) -> Sequence[Job]:
        """See JobStore."""
        others = [number for name in ids if (number := name.removeprefix("waits-")) != name]
        sent = [
            Job(f"waits-{n}", FLOODED, Status.QUEUED, T0 + int(n) / RATE, T0 + int(n) / RATE, sent=True) for n in others
        ]
        return [*super().get_many(ids), *sent]


class Deep(MemoryJobQueue):
    """The flooded type's queue is never empty."""

    def depth(self, job_type: str) -> Depth:
        """See JobQueue."""
        return Depth(visible=MILLION) if job_type == FLOODED else super().depth(job_type)


@dataclass
class Stage:
    """A watchdog over a backlog, and counters that follow the stores."""

    clock: Clock = field(default_factory=Clock)
    claimed_to: float = T0

    def __post_init__(self) -> None:
        self.store = Backlog(self.clock)
        self.queue = Deep(self.clock)
        self.service = JobService(self.store, self.queue, clock=self.clock)
        self.watchdog = Watchdog(self.service.dispatcher, [FLOODED, QUIET], standing=self.standing)

    def standing(self) -> Standing:
        unsent: dict[str, list[float]] = {}
        for job in self.store._jobs.values():
            if not job.sent:
                unsent.setdefault(job.type, []).append(job.created_at - job.created_at % 60)
        return Standing({}, unsent=unsent, claimed_to={FLOODED: self.claimed_to})

    def minutes_until_sent(self, job: Job) -> int:
        """How many runs of the watchdog, one a minute, until the job's message is out."""
        for minute in range(1, 61):
            self.clock.advance(60)
            self.watchdog.run(lambda: 50.0)
            if self.store.get(job.id).sent:
                return minute
        raise AssertionError("not sent within an hour")


def orphan(job_type: str, at: float) -> Job:
    """A job whose producer died between storing and sending it."""
    return a_job(type=job_type, created_at=at, updated_at=at, due_at=at + 60)


def test_an_orphan_is_sent_within_3_minutes_while_a_million_jobs_of_another_type_wait() -> None:
    stage = Stage(Clock(T0 + MILLION / RATE))
    lost = orphan(QUIET, stage.clock.now)
    stage.store.add(lost)
    assert stage.minutes_until_sent(lost) <= 3


@pytest.mark.parametrize("behind", [1, MILLION // 2, MILLION])
def test_an_orphan_is_sent_within_15_minutes_behind_a_million_of_its_own(behind: int) -> None:
    stage = Stage(Clock(T0 + MILLION / RATE))
    at = round(T0 + behind / RATE, 3)
    lost = orphan(FLOODED, at)
    stage.store.add(lost)
    stage.clock.now = max(stage.clock.now, at)
    assert stage.minutes_until_sent(lost) <= 15


def test_a_run_reads_nothing_of_a_million_jobs_that_wait_as_they_should() -> None:
    stage = Stage(Clock(T0 + MILLION / RATE))
    for _ in range(10):
        stage.clock.advance(60)
        assert stage.watchdog.run(lambda: 50.0) == {}
    assert stage.store.read == 0


def test_counters_that_miss_an_orphan_delay_it_until_the_workers_have_passed_it() -> None:
    stage = Stage(Clock(T0 + MILLION / RATE))
    lost = orphan(FLOODED, T0 + 5000.5)
    stage.store.add(lost)
    stage.watchdog.standing = lambda: Standing({}, claimed_to={FLOODED: stage.claimed_to})
    for claimed_to in (T0, T0 + 5000):
        stage.claimed_to = claimed_to
        stage.store.waiting = 0
        stage.clock.advance(60)
        assert stage.watchdog.run(lambda: 50.0) == {}
    stage.claimed_to = T0 + 5001
    assert stage.minutes_until_sent(lost) == 1

"""Provide schedules over the memory ports; each call can end the process."""

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobQueue, JobStore
from chalicelib.producing.service import JobService
from chalicelib.schedules.declared import Declared
from chalicelib.schedules.firings import Firings
from chalicelib.schedules.memory import MemorySchedules
from chalicelib.schedules.port import Schedules
from chalicelib.schedules.rule import started
from chalicelib.schedules.schedule import Schedule
from chalicelib.watchdog.run import Watchdog
from tests.chalicelib.api.support import NOTE, only_types
from tests.proof.grounds.faults import DYNAMODB, SQS, Crash, Faults, Faulty
from tests.support import T0, Clock


@dataclass
class Stage:
    """One job type, its schedules, and watchdogs that make their jobs."""

    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    rng: random.Random = field(default_factory=lambda: random.Random(3))

    def __post_init__(self) -> None:
        self.store, self.queue, self.kept = MemoryJobStore(self.clock), MemoryJobQueue(self.clock), MemorySchedules()
        self.service = JobService(self.store, self.queue, clock=self.clock)
        self.first, self.second = self.firings(), self.firings()

    def firings(self) -> Firings:
        """The part of a watchdog that makes jobs, in a separate process that may die at any call."""
        store = cast("JobStore", Faulty(self.store, self.faults, DYNAMODB))
        queue = cast("JobQueue", Faulty(self.queue, self.faults, SQS))
        kept = cast("Schedules", Faulty(self.kept, self.faults, DYNAMODB))
        service = JobService(store, queue, clock=self.clock)
        return Firings(kept, service, Declared(kept, service.dispatcher))

    def add(self, name: str = "hourly", cron: str = "0 * * * *", **fields: Any) -> Schedule:
        """Store a schedule that waits for its first firing."""
        new = Schedule(name, NOTE.name, cron, "UTC", {"to": ["a"]}, created_at=self.clock.now, writer=uuid.uuid4().hex)
        schedule = started(replace(new, **fields), self.clock.now)
        assert self.kept.add(schedule)
        return schedule

    def run(self, firings: Firings | None = None) -> dict[str, int]:
        """Run a watchdog's firings once; return an empty result if the watchdog died."""
        try:
            return dict((firings or self.first).run(lambda: 50.0))
        except Crash:
            return {}

    def watch(self) -> None:
        """Run the other part of the watchdog, which sends unsent jobs."""
        Watchdog(self.service.dispatcher, [NOTE.name]).run(lambda: 50.0)

    def minutes(self, number: int, *watchdogs: Firings) -> None:
        """Advance the clock by that many minutes, with one run of each watchdog in each minute."""
        for _ in range(number):
            for one in watchdogs:
                self.run(one)
            self.watch()
            self.clock.advance(60)

    def jobs(self) -> Sequence[Job]:
        return sorted(self.store._jobs.values(), key=lambda job: job.fires_at or 0.0)

    def fired(self) -> list[float]:
        """Return the firings that have a job, in seconds after the start of the test."""
        return [(job.fires_at or 0.0) - T0 for job in self.jobs()]


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage with one job type and no schedule."""
    with only_types(NOTE):
        yield Stage()

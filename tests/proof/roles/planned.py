"""Simulate schedules: the watchdog makes a job for each firing, and some firings must not overlap."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from chalicelib.job_types.schedule import Overlap
from chalicelib.jobs.change import new_writer
from chalicelib.jobs.job import Job
from chalicelib.producing.service import JobService
from chalicelib.schedules.declared import Declared
from chalicelib.schedules.firings import Firings
from chalicelib.schedules.memory import MemorySchedules
from chalicelib.schedules.port import Schedules
from chalicelib.schedules.rule import started
from chalicelib.schedules.schedule import Schedule
from tests.proof.grounds.faults import DYNAMODB, Faulty
from tests.proof.grounds.ground import TYPES

if TYPE_CHECKING:
    from tests.proof.world import World

SCHEDULES = (("alone", "*/20 * * * *", Overlap.SKIP), ("beside", "7 * * * *", Overlap.ALLOW))
"""Id, cron expression, and what happens while an earlier firing is unfinished."""
LATE = 5
"""Number of late firings after an outage."""


@dataclass
class Planned:
    """Keeps one schedule of each kind, for a type without other settings, and runs the code that makes their jobs."""

    world: "World"

    def __post_init__(self) -> None:
        world = self.world
        self._kept = MemorySchedules()
        schedules = cast("Schedules", Faulty(self._kept, world.ground.faults, DYNAMODB))
        clock = world.clock_of("watchdog")
        service = JobService(world.ground.store, world.ground.queue, clock=clock, sleep=world.clock.advance)
        self._firings = Firings(schedules, service, Declared(schedules, service.dispatcher, followed=True))
        for name, cron, overlap in SCHEDULES:
            payload = {"name": name, "ballast": ""}
            new = Schedule(
                name, TYPES[-1], cron, "UTC", payload, catch_up=LATE, overlap=overlap, created_at=world.clock.now,
                writer=new_writer(),
            )  # fmt: skip
            self._kept.add(replace(started(new, world.clock.now), writer=new.writer))

    def run(self) -> None:
        """Make the jobs of the near firings."""
        self._firings.run(lambda: self.world.time_of_watchdog)

    def end(self) -> None:
        """Stop all firings, so that the simulated platform comes to rest."""
        for name, *_ in SCHEDULES:
            seen = self._kept.get(name)
            self._kept.replace(seen, replace(seen, next_at=None, writer=new_writer()))

    def begins(self, job: Job) -> Iterator[str]:
        """Check I24.

        With "skip", no firing of a schedule begins before the first run of an earlier firing has finished.
        """
        if job.after is None or job.gen > 1:
            return
        for other in self.world.ground.jobs():
            earlier = other.schedule == job.schedule and (other.fires_at or 0.0) < (job.fires_at or 0.0)
            if earlier and other.gen == 1 and not other.terminal:
                yield f"I24 {job.id} began while the earlier firing {other.id} was {other.status}"

    def broken(self) -> Iterator[str]:
        """Check I25: each firing in a schedule's row has its job, and no job was made for another firing."""
        made = {(job.schedule, job.fires_at) for job in self.world.ground.jobs() if job.schedule}
        for name, *_ in SCHEDULES:
            for at in self._kept.get(name).recent:
                if (name, at) not in made:
                    yield f"I25 the firing of {name} at {at:.0f} has no job"

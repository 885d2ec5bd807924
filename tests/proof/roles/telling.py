"""Simulate the function that makes the jobs of `on_end` from the table's stream, which delivers again after a crash."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from chalicelib.ends.maker import EndMaker
from chalicelib.job_types.end import JobEnd
from chalicelib.jobs.job import TERMINAL
from chalicelib.producing.service import JobService
from tests.proof.grounds.ground import TOLD
from tests.proof.roles.script import ScriptedFunction, declare

if TYPE_CHECKING:
    from tests.proof.world import World

BATCH = 4
"""Number of changes in one invocation; it is small, so that after a crash earlier batches are done."""


class End(JobEnd):
    """The payload of the type that is told, with the fields of every payload of the proof."""

    name: str = ""
    ballast: str = ""


@dataclass
class Telling:
    """Makes the jobs of `on_end`, for one simulated platform, while it is not `out` of order."""

    world: "World"
    out: bool = False
    _read: int = 0

    def __post_init__(self) -> None:
        world = self.world
        world.ground.open(TOLD)
        world.kinds[TOLD] = declare(ScriptedFunction(world), TOLD, End)
        world.watchdog.types = [*world.ground.types]
        store, queue, clock = world.ground.store, world.ground.queue, world.clock_of("followup")
        self._maker = EndMaker(JobService(store, queue, clock=clock, sleep=world.clock.advance))

    def pending(self) -> bool:
        """Whether there is a change that was not followed up."""
        return not self.out and self._read < len(self.world.ground.changed())

    def follow(self) -> None:
        """Process the changes in the stream, one batch at a time.

        A batch that fails, or whose process dies, is delivered again.
        """
        while self.pending():
            batch = self.world.ground.changed()[self._read : self._read + BATCH]
            again = self._maker.follow(batch)
            done = next((place for place, one in enumerate(batch) if one.sequence in again), len(batch))
            self.world.step(partial(self._advance, done))
            if done < len(batch):
                return

    def _advance(self, done: int) -> None:
        """Note how far the stream was processed: a process that dies before this gets the batch again."""
        self._read += done

    def deliver_again(self) -> None:
        """Let the stream deliver everything once more."""
        self._read = 0

    def lose(self) -> None:
        """Let the stream lose all changes that were not processed, because they are over a day old."""
        self._read = len(self.world.ground.changed())

    def repair(self) -> None:
        """Run the nightly check of ended jobs."""
        jobs = self.world.ground.jobs()
        self._maker.repair([job for job in jobs if job.terminal and job.on_end is not None])

    def broken(self) -> Iterator[str]:
        """Check I28: for each end there is one job with the right data, and no job was made without an end."""
        jobs = {job.id: job for job in self.world.ground.jobs()}
        ends = {
            (job_id, new.gen): new.status
            for job_id, old, new in self.world.ground.writes()
            if new.status in TERMINAL and old is not None and old.status not in TERMINAL
            and job_id in jobs and jobs[job_id].on_end is not None
        }  # fmt: skip
        told = [job.payload for job in jobs.values() if job.type == TOLD]
        for end, number in Counter((one["job_id"], one["run"]) for one in told).items():
            if number > 1:
                yield f"I28 the end of {end} is told {number} times"
            if end not in ends:
                yield f"I28 {end} is told, and has not ended"
        said = {(one["job_id"], one["run"]): one["status"] for one in told}
        for end, status in ends.items():
            if said.get(end) != status:
                yield f"I28 {end} has ended as {status}, and is told as {said.get(end)}"

"""Many workers of a type whose jobs run one at a time for a key, and all that SQS alone does not keep them from."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, cast

from chalicelib.adapters.memory.queue import HeldMessage, MemoryJobQueue
from chalicelib.errors import RetryLater
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import registered
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore, Message
from chalicelib.jobs.tenants import tag_of
from chalicelib.limits.serial import InOrder
from chalicelib.operating.operations import Operations
from chalicelib.producing.service import JobService
from chalicelib.watchdog.run import Watchdog
from chalicelib.worker.consume import Worker
from tests.chalicelib.worker.one_type import Note
from tests.chalicelib.worker.together.side_by_side import NAME, SideBySide, Slow
from tests.proof.grounds.faults import Crash

Chance = Callable[[Random], bool]


def never(_: Random) -> bool:
    """Nothing goes wrong."""
    return False


def often(share: float) -> Chance:
    """Something goes wrong as often as that."""
    return lambda rng: rng.random() < share


@dataclass
class OneOfAKey(SideBySide):
    """Workers of a serial type. What must not be is noted in `wrong`."""

    rate: Rate = field(default_factory=lambda: Rate(1))
    """Not used: the type has none."""
    copies: Chance = never
    """Whether a message that was received is handed to a second worker as well, at some time."""
    loses: Chance = never
    """Whether the queue is purged in a minute."""
    parks: Chance = never
    falls: Chance = never
    """Whether a process ends at a request to the store, before it or after it."""
    wrong: list[str] = field(default_factory=list)
    began: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The jobs whose attempts began, by key."""
    running: dict[str, list[Job]] = field(default_factory=lambda: defaultdict(list))
    ghosts: list[HeldMessage] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.kind = registered[NAME] = replace(self.kind, rate=None, serial_by="text")
        self.queue = MemoryJobQueue(self.clock, self.kind.visibility_timeout, self.kind.max_receives)
        self.service = JobService(self.store, self.queue, clock=self.clock)
        self.watchdog = Watchdog(self.service.dispatcher, [NAME])

    def submit_for(self, key: str, number: int) -> list[str]:
        """Store and send so many jobs of a key; return their ids in the order of sending."""
        ids = [f"{key}-{n:03}" for n in range(len(self.ids), len(self.ids) + number)]
        for job_id in ids:
            job = Job(job_id, NAME, Status.QUEUED, self.now, self.now, payload={"text": key}, sent=True, max_attempts=5,
                      due_at=self.now + 60, tags=(tag_of(key),))  # fmt: skip
            self.store.add(job)
            self.queue.send(Message(job.id, 1, NAME, group=key))
        self.ids += ids
        return ids

    def retry_the_dead(self) -> None:
        """Run each dead letter again, as an operator does."""
        for job in self.jobs():
            if job.status is Status.DEAD_LETTER:
                Operations(self.service.dispatcher).retry(job.id)

    def _function(self, note: Note, ctx: JobContext) -> str:
        key, job = note.text, ctx.job
        self.wrong += [
            f"{self.now}: {job.id} {job.token} began beside {other.id} {other.token}"
            for other in self.running[key]
            if (other.lease_until or 0.0) > self.now
        ]
        self.began[key].append(job.id)
        self.running[key].append(job)
        try:
            return self._act()
        finally:
            self.running[key].remove(job)

    def _act(self) -> str:
        done = super()._act()
        if self.parks(self.rng):
            raise RetryLater(1200, "closed")
        return done

    def _watch(self) -> None:
        while True:
            if self.loses(self.rng):
                self.queue.messages.pop(NAME, None)
            self.watchdog.run(lambda: 50.0)
            self.sleep(60)

    def _next(self) -> list[HeldMessage]:
        if self.ghosts and self.rng.random() < 0.5:
            return [self.ghosts.pop(0)]
        batch = super()._next()
        self.ghosts += [held for held in batch if self.copies(self.rng)]
        return batch

    def _new(self, ahead: float) -> Worker:
        clock, store = self._clock_of(ahead), cast("JobStore", Mortal(self, "store"))
        return Worker(self.kind, store, self.queue, clock, self.rng.uniform, self.rng.uniform, sleep=self.sleep,
                      starts=InOrder(NAME, store, clock))  # fmt: skip


@dataclass
class Mortal(Slow):
    """The store, at whose requests a process may end."""

    world: OneOfAKey

    def __getattr__(self, name: str) -> Any:
        answer = super().__getattr__(name)

        def call(*args: Any, **more: Any) -> Any:
            falls = self.world.falls(self.world.rng)
            if falls and self.world.rng.random() < 0.5:
                raise Crash
            found = answer(*args, **more)
            if falls:
                raise Crash
            return found

        return call

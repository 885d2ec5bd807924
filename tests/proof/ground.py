"""What the world stands on: ports for the code under test, and an observer's view that no fault touches."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol, cast

from chalicelib.adapters.memory.jobs import MemoryJobQueue, MemoryJobStore
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.message import parse_nudge, write_nudge
from chalicelib.jobs.ports import JobQueue, JobStore
from chalicelib.jobs.transitions import Change
from tests.proof.faults import Faults, Faulty, Partial

TYPE = "proof.note"


@dataclass(frozen=True, slots=True)
class Written:
    """The main item as it was written: what the rules about moves speak of."""

    status: Status
    gen: int
    attempts: int
    max_attempts: int
    started_at: float | None
    lease_until: float | None


Write = tuple[str, Written | None, Written]
"""Job id, before (None: created), after."""
Ending = tuple[str, int, int, str]
"""Job id, generation, attempt, and how that ended: what stands in the history."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message as Lambda's poller has it."""

    receipt: str
    body: str
    receive_count: int


class Ground(Protocol):
    """Where the world stands."""

    faults: Faults
    store: JobStore
    queue: JobQueue

    def jobs(self) -> Sequence[Job]:
        """Every job, as it stands."""

    def unfinished(self) -> bool:
        """Whether a job has not ended: cheaper than to ask for the jobs."""

    def writes(self) -> Sequence[Write]:
        """Every write to a main item so far, in order."""

    def endings(self) -> Sequence[Ending]:
        """Every write to the history so far, in order."""

    def receive(self, most: int) -> Sequence[Received]:
        """Receive messages, as Lambda's poller does."""

    def delete(self, receipt: str) -> None:
        """Acknowledge."""

    def put(self, body: str) -> None:
        """Put a message on the queue behind the platform's back: a duplicate, or a console redrive."""

    def waiting(self) -> int:
        """Messages in the queue, visible or not."""

    def dead(self) -> Sequence[str]:
        """The bodies in the dead-letter queue."""

    def take_dead(self) -> Sequence[str]:
        """Take every message out of the dead-letter queue, as a console redrive does."""

    def purge(self) -> None:
        """Lose every message of the queue."""


Stand = Callable[[Callable[[], float]], AbstractContextManager[Ground]]
"""Makes the ground for one execution, on the given clock, and takes it away again."""


class MemoryGround:
    """The memory ports, with every port call a crash point."""

    def __init__(self, clock: Callable[[], float], visibility: float) -> None:
        self.faults = Faults()
        self._store = LoggingStore(clock)
        self._queue = MemoryJobQueue(clock, visibility)
        self.store = cast("JobStore", Faulty(self._store, self.faults))
        self.queue = cast("JobQueue", Faulty(Partial(self._queue, self.faults), self.faults))

    def jobs(self) -> Sequence[Job]:
        """See Ground."""
        return [self._store.get(job_id) for job_id in self._store.ids]

    def unfinished(self) -> bool:
        """See Ground."""
        return any(not job.terminal for job in self.jobs())

    def writes(self) -> Sequence[Write]:
        """See Ground."""
        return self._store.log

    def endings(self) -> Sequence[Ending]:
        """See Ground."""
        return self._store.endings

    def receive(self, most: int) -> Sequence[Received]:
        """See Ground."""
        found = self._queue.receive(TYPE, most)
        return [Received(m.receipt, write_nudge(m.nudge), m.receive_count) for m in found]

    def delete(self, receipt: str) -> None:
        """See Ground."""
        self._queue.delete(TYPE, receipt)

    def put(self, body: str) -> None:
        """See Ground."""
        self._queue.send(parse_nudge(body))

    def waiting(self) -> int:
        """See Ground."""
        return len(self._queue.messages.get(TYPE, []))

    def dead(self) -> Sequence[str]:
        """See Ground."""
        return [write_nudge(m.nudge) for m in self._queue.dead.get(TYPE, [])]

    def take_dead(self) -> Sequence[str]:
        """See Ground."""
        return [write_nudge(m.nudge) for m in self._queue.dead.pop(TYPE, [])]

    def purge(self) -> None:
        """See Ground."""
        self._queue.messages.pop(TYPE, None)


@contextmanager
def in_memory(clock: Callable[[], float]) -> Iterator[Ground]:
    """Memory ground for one execution."""
    yield MemoryGround(clock, visibility=360.0)


class LoggingStore(MemoryJobStore):
    """A memory store that keeps a log of its writes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.ids: list[str] = []
        self.log: list[Write] = []
        self.endings: list[Ending] = []

    def add(self, job: Job) -> None:
        """See JobStore."""
        super().add(job)
        self.ids.append(job.id)
        self.log.append((job.id, None, written(job)))

    def apply(self, job_id: str, change: Change) -> Job:
        """See JobStore."""
        with self._lock:
            before = self._find(job_id)
            after = super().apply(job_id, change)
            self.log.append((job_id, None if before is None else written(before), written(after)))
            return after

    def record(self, job_id: str, attempt: Attempt) -> None:
        """See JobStore."""
        super().record(job_id, attempt)
        kept = self._attempts[job_id][attempt.token]
        self.endings.append((job_id, *attempt.token, kept.outcome))


def written(job: Job) -> Written:
    """The part of a job that the log keeps."""
    return Written(job.status, job.gen, job.attempts, job.max_attempts, job.started_at, job.lease_until)

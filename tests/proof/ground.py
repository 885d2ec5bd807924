"""What the world stands on: ports for the code under test, and an observer's view that no fault touches."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol, cast

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.turns import MemoryTurns
from chalicelib.counters.changes import Image, JobChange
from chalicelib.jobs.change import Change
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.listing import ACTIVE as AT_WORK
from chalicelib.jobs.message import parse_message, write_message
from chalicelib.jobs.ports import JobQueue, JobStore, Turns
from tests.proof.faults import DYNAMODB, SQS, Faults, Faulty, Moving, Partial
from tests.proof.honest import HonestQueue

TYPE = "proof.note"
ATTEMPTS = 3
TYPES = (TYPE, "proof.mail", "proof.deep")
"""The job types of a world. Most stories are about the first one; the others are its neighbours."""

BY_HAND = "by-hand"
"""The group of a message that was put on a queue behind the platform's back."""


@dataclass(frozen=True, slots=True)
class Written:
    """The main item as it was written: what the rules about moves speak of."""

    type: str
    status: Status
    gen: int
    attempts: int
    claims: int
    max_attempts: int
    updated_at: float
    started_at: float | None
    lease_until: float | None
    next_attempt_at: float | None
    stalled_since: float | None

    @property
    def moment(self) -> tuple[object, ...]:
        """What a note about a job leaves as it is, and a move changes."""
        return self.status, self.gen, self.attempts, self.claims, self.started_at, self.lease_until


Write = tuple[str, Written | None, Written]
"""Job id, before (None: created), after."""
Ending = tuple[str, int, int, str]
"""Job id, generation, claim, and how that ended: what stands in the history."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message as Lambda's poller has it."""

    receipt: str
    body: str
    receive_count: int
    group: str | None
    sent_at: float


class Ground(Protocol):
    """Where the world stands."""

    faults: Faults
    store: JobStore
    queue: JobQueue
    turns: Turns
    types: Sequence[str]
    """The job types that the watchdog looks after: one in a story, more where they can be in each other's way."""

    def jobs(self) -> Sequence[Job]:
        """Every job, as it stands."""

    def unfinished(self) -> bool:
        """Whether a job has not ended: cheaper than to ask for the jobs."""

    def writes(self) -> Sequence[Write]:
        """Every write to a main item so far, in order."""

    def endings(self) -> Sequence[Ending]:
        """Every write to the history so far, in order."""

    def changes(self) -> Sequence[JobChange]:
        """Everything that the table's stream has told of jobs so far, in order."""

    def receive(self, most: int, name: str = TYPE) -> Sequence[Received]:
        """Receive messages, as Lambda's poller does."""

    def delete(self, receipt: str, name: str = TYPE) -> None:
        """Acknowledge."""

    def put(self, body: str, name: str = TYPE, group: str = BY_HAND) -> None:
        """Put a message on the queue behind the platform's back: a duplicate, or a console redrive."""

    def serialize(self, name: str, max_receives: int) -> None:
        """Give a type FIFO queues in place of its own."""

    def waiting(self, name: str = TYPE) -> int:
        """Messages in the queue, visible or not."""

    def dead(self, name: str = TYPE) -> Sequence[str]:
        """The bodies in the dead-letter queue."""

    def take_dead(self, name: str = TYPE) -> Sequence[str]:
        """Take every message out of the dead-letter queue, as a console redrive does."""

    def purge(self, name: str = TYPE) -> None:
        """Lose every message of the queue."""


Stand = Callable[[Callable[[], float]], AbstractContextManager[Ground]]
"""Makes the ground for one execution, on the given clock, and takes it away again."""


def plan_of_starts(faults: Faults) -> Turns:
    """Return a plan of starts whose every call is a crash point; the one on DynamoDB is held to the same contract."""
    return cast("Turns", Faulty(MemoryTurns(), faults, DYNAMODB))


class MemoryGround:
    """The memory ports, with every port call a crash point."""

    def __init__(self, clock: Callable[[], float], visibility: float, types: Sequence[str] = (TYPE,)) -> None:
        self.faults, self.types = Faults(), types
        self._store = LoggingStore(clock)
        self._queue = HonestQueue(clock, visibility)
        self.store = cast("JobStore", Moving(cast("JobStore", Faulty(self._store, self.faults, DYNAMODB)), self.faults))
        self.queue = cast("JobQueue", Faulty(Partial(self._queue, self.faults), self.faults, SQS))
        self.turns = plan_of_starts(self.faults)
        self.raw = self._queue

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

    def changes(self) -> Sequence[JobChange]:
        """See Ground."""
        return self._store.changes

    def receive(self, most: int, name: str = TYPE) -> Sequence[Received]:
        """See Ground."""
        found = self._queue.receive(name, most)
        return [Received(m.receipt, write_message(m.message), m.receive_count, m.group, m.sent_at) for m in found]

    def delete(self, receipt: str, name: str = TYPE) -> None:
        """See Ground."""
        self._queue.delete(name, receipt)

    def put(self, body: str, name: str = TYPE, group: str = BY_HAND) -> None:
        """See Ground."""
        self._queue.send(replace(parse_message(body), type=name, group=group))

    def serialize(self, name: str, max_receives: int) -> None:
        """See Ground."""
        self._queue.most_receives = max_receives

    def waiting(self, name: str = TYPE) -> int:
        """See Ground."""
        return len(self._queue.messages.get(name, []))

    def dead(self, name: str = TYPE) -> Sequence[str]:
        """See Ground."""
        return [write_message(m.message) for m in self._queue.dead.get(name, [])]

    def take_dead(self, name: str = TYPE) -> Sequence[str]:
        """See Ground."""
        return [write_message(m.message) for m in self._queue.dead.pop(name, [])]

    def purge(self, name: str = TYPE) -> None:
        """See Ground."""
        self._queue.messages.pop(name, None)

    def frozen(self) -> JobStore:
        """Return a copy of the store, which stays as it is now."""
        return cast("JobStore", self._store.copy())


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
        self.changes: list[JobChange] = []

    def copy(self) -> MemoryJobStore:
        """Return the jobs and their places in the index as they are now; jobs are values, so dicts are enough."""
        twin = MemoryJobStore(self._clock)
        twin._jobs, twin._orders, twin._groups = dict(self._jobs), dict(self._orders), dict(self._groups)
        return twin

    def add(self, job: Job) -> None:
        """See JobStore."""
        super().add(job)
        self.ids.append(job.id)
        self.log.append((job.id, None, written(job)))
        self._tell(None, self._image(job))

    def apply(self, job_id: str, change: Change) -> Job:
        """See JobStore."""
        with self._lock:
            before = self._find(job_id)
            old = None if before is None else self._image(before)
            after = super().apply(job_id, change)
            self.log.append((job_id, None if before is None else written(before), written(after)))
            self._tell(old, self._image(after))
            return after

    def record(self, job_id: str, attempt: Attempt) -> None:
        """See JobStore."""
        super().record(job_id, attempt)
        kept = self._attempts[job_id][attempt.token]
        self.endings.append((job_id, *attempt.token, kept.outcome))

    def _tell(self, old: Image | None, new: Image) -> None:
        if old != new:
            self.changes.append(JobChange(f"{len(self.changes):040}", old, new, self._clock()))

    def _image(self, job: Job) -> Image:
        """The job as the stream tells of it: the twin of `adapters/dynamo/counting/changes.py`."""
        return Image(
            job.id, job.type, job.status, job.created_at, job.updated_at, job.started_at, job.finished_at,
            job.next_attempt_at, job.error_class, job.error_message, job.fingerprint, job.sent, job.resends,
            self._groups[job.id] == AT_WORK, self._orders[job.id],
        )  # fmt: skip


def written(job: Job) -> Written:
    """The part of a job that the log keeps."""
    return Written(
        job.type, job.status, job.gen, job.attempts, job.claims, job.max_attempts, job.updated_at, job.started_at,
        job.lease_until, job.next_attempt_at, job.stalled_since,
    )  # fmt: skip

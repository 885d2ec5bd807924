"""What the world stands on: ports for the code under test, and an observer's view that no fault touches."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, cast

from chalicelib.counters.changes import JobChange
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobQueue, JobStore
from chalicelib.limits.memory import MemoryTurns
from chalicelib.limits.port import Turns
from tests.proof.grounds.faults import DYNAMODB, Faults, Faulty

TYPE = "proof.note"
ATTEMPTS = 3
TYPES = (TYPE, "proof.mail", "proof.deep")
"""The job types of a world. Most stories are about the first one; the others are its neighbours."""

TOLD = "proof.told"
"""The type that is told how jobs have ended, in a world where some tell their ends."""
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
    kept: int = 0
    waits: str | None = None
    stops: bool = False

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

    def changed(self) -> Sequence[JobChanged]:
        """Every change of a job so far, as the function reads them that makes the jobs of `on_end`."""

    def open(self, name: str) -> None:
        """Give one more type its queues."""

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

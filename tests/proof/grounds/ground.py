"""Define the base of a simulated platform: ports for the tested code, and an observer's view without faults."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, cast

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.bulk.port import BulkActionRows
from chalicelib.counters.changes import JobChange
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobQueue, JobStore
from chalicelib.limits.memory import MemoryPlaces, MemoryTurns
from chalicelib.limits.port import PlaceStore, Turns
from chalicelib.webhooks.port import Webhooks
from tests.proof.grounds.faults import DYNAMODB, Faults, Faulty

TYPE = "proof.note"
ATTEMPTS = 3
TYPES = (TYPE, "proof.mail", "proof.deep")
"""The job types of a simulated platform. Most scenarios use the first one; the others run beside it."""

TOLD = "proof.told"
"""The type of the jobs of `on_end`, in a simulated platform in which some jobs have it."""
BY_HAND = "by-hand"
"""The group of a message that was put into a queue without the platform."""


@dataclass(frozen=True, slots=True)
class Written:
    """The main item as it was written: the rules about moves check it."""

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
        """Return the part that a note about a job leaves unchanged, and a move changes."""
        return self.status, self.gen, self.attempts, self.claims, self.started_at, self.lease_until


Write = tuple[str, Written | None, Written]
"""Job id, before (None: created), after."""
Ending = tuple[str, int, int, str]
"""Job id, generation, claim, and how the attempt ended, as in the history."""


@dataclass(frozen=True, slots=True)
class Received:
    """A received message as Lambda's poller gets it."""

    receipt: str
    body: str
    receive_count: int
    group: str | None
    sent_at: float
    queue: str = ""
    """The key of the queue that it came from; empty: that of its type."""


class Ground(Protocol):
    """The base of a simulated platform."""

    faults: Faults
    store: JobStore
    queue: JobQueue
    turns: Turns
    places: PlaceStore
    told_paused: set[str]
    """The types whose pause whoever hands places on can read."""
    also_paused: Callable[[], Collection[str]]
    """Returns the types that are paused automatically, as far as that can be read."""
    types: Sequence[str]
    """The job types that the watchdog checks: one in a scenario, more where types may affect each other."""

    def jobs(self) -> Sequence[Job]:
        """Return every job in its present state."""

    def webhooks(self) -> Webhooks:
        """Create a store for webhooks, without any; every request to it is a crash point."""

    def bulk_actions(self, counters: MemoryCounters) -> BulkActionRows:
        """Create a store for bulk actions, whose marks `counters` shows; every request to it is a crash point."""

    def acted(self) -> Mapping[tuple[str, str], int]:
        """Return how often a write of a bulk action changed a job, by the ids of both."""

    def unfinished(self) -> bool:
        """Return whether a job has not ended; this is cheaper than reading all jobs."""

    def writes(self) -> Sequence[Write]:
        """Return every write to a main item so far, in order."""

    def endings(self) -> Sequence[Ending]:
        """Return every write to the history so far, in order."""

    def changes(self) -> Sequence[JobChange]:
        """Return all changes of jobs that the table's stream has delivered so far, in order."""

    def changed(self) -> Sequence[JobChanged]:
        """Return every change of a job so far, as the function `followup` reads it."""

    def open(self, name: str) -> None:
        """Create the queues of one more type."""

    def receive(self, most: int, name: str = TYPE) -> Sequence[Received]:
        """Receive messages, as Lambda's poller does."""

    def delete(self, receipt: str, name: str = TYPE) -> None:
        """Acknowledge a message."""

    def put(self, body: str, name: str = TYPE, group: str = BY_HAND) -> None:
        """Put a message into the queue without the platform: a duplicate, or a redrive in the console."""

    def serialize(self, name: str, max_receives: int) -> None:
        """Give a type FIFO queues instead of its own."""

    def waiting(self, name: str = TYPE) -> int:
        """Return the messages in the queue, visible or not."""

    def dead(self, name: str = TYPE) -> Sequence[str]:
        """Return the bodies of the messages in the dead-letter queue."""

    def take_dead(self, name: str = TYPE) -> Sequence[str]:
        """Take every message out of the dead-letter queue, as a console redrive does."""

    def purge(self, name: str = TYPE) -> None:
        """Lose every message of the queue."""


Stand = Callable[[Callable[[], float]], AbstractContextManager[Ground]]
"""Creates the base for one execution, on the given clock, and removes it afterwards."""


def places_of_limits(faults: Faults, paused: Callable[[], Collection[str]], clock: Callable[[], float]) -> PlaceStore:
    """Return the places of limits; every call is a crash point. DynamoPlaces passes the same contract tests.

    `paused` returns the keys of the queues that are known to be paused.
    """
    return cast("PlaceStore", Faulty(MemoryPlaces(paused, clock), faults, DYNAMODB))


def plan_of_starts(faults: Faults) -> Turns:
    """Return a plan of starts whose calls are all crash points; the plan on DynamoDB passes the same contract tests."""
    return cast("Turns", Faulty(MemoryTurns(), faults, DYNAMODB))

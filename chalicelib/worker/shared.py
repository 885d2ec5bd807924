"""Process the messages of a queue that several job types share. Each message is handled by the worker of its type."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.errors import JobNotFound, MalformedMessage, MoveRefused, UnknownJobType
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs import transitions
from chalicelib.jobs.constants import LOOK_AHEAD
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message import parse_message
from chalicelib.jobs.message_fate import TO_DEAD_LETTERS, Drop, Hold, malformed, unavailable, unknown
from chalicelib.jobs.port import JobQueue, JobStore, Message
from chalicelib.pausing.circuit_breaker import AlwaysClosed, CircuitBreaker
from chalicelib.telemetry import events
from chalicelib.worker.batch import Batches, Handles
from chalicelib.worker.consume import Worker
from chalicelib.worker.context import LambdaContext
from chalicelib.worker.start import Immediate, StartPolicy

Breaker = CircuitBreaker | AlwaysClosed


@dataclass
class SharedWorker:
    """Process the batches of a shared queue. `worker` makes the worker of a type, and `breaker` that of the queue.

    A process imports only the files of the types whose messages it receives. If a file cannot be imported, only the
    messages of this type wait.
    """

    key: str
    store: JobStore
    queue: JobQueue
    clock: Callable[[], float]
    spread: Callable[[float, float], float]
    worker: Callable[[JobType[Any, Any], Breaker], Worker]
    breaker: Callable[[JobType[Any, Any]], Breaker]
    declared: Callable[[str], JobType[Any, Any]] = jobtype.declared
    workers: dict[str, Worker] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._batches = Batches(self.key, self.queue, self.spread, type_of, self.workers, self._load, AlwaysClosed())

    def work(self, event: Mapping[str, Any], context: LambdaContext) -> list[str]:
        """Process the event's messages; return the ids of the messages that must be delivered again."""
        return self._batches.work(event, context)

    def _load(self, name: str) -> Handles:
        if not name:
            return Unreadable(self.key)
        try:
            kind = self.declared(name)
        except UnknownJobType:
            return Undeclared(name, self.spread)
        # A file that ends the process would end it for the messages of all types.
        except (Exception, SystemExit) as error:
            return Unloadable(name, self.spread, error)
        if kind.queue_key != self.key:
            return Moved(name, self.store, self.clock)
        if not self.workers:  # the first type that is imported knows the queue's settings
            self._batches.breaker = self.breaker(kind)
        return self.workers.setdefault(kind.name, self.worker(kind, self._batches.breaker))


def type_of(delivery: Delivery) -> str:
    """Return the job type that a message names; empty if its body cannot be read."""
    try:
        return parse_message(delivery.body).type
    except MalformedMessage:
        return ""


@dataclass
class Unreadable:
    """Handle messages whose body cannot be read."""

    name: str
    starts: StartPolicy = field(default_factory=Immediate)
    serial: bool = False
    needed: float = 0.0

    def handle(self, delivery: Delivery, context: LambdaContext, *, cold: bool) -> Hold:  # noqa: ARG002
        """Hold the message: another version may be able to read it."""
        try:
            why = f"no job type: {parse_message(delivery.body).type!r}"
        except MalformedMessage as error:
            why = str(error)
        events.message_malformed(self.name, why, delivery.receive_count)
        return malformed(delivery.receive_count)


@dataclass
class Undeclared:
    """Handle messages of a type that no file declares."""

    name: str
    spread: Callable[[float, float], float]
    starts: StartPolicy = field(default_factory=Immediate)
    serial: bool = False
    needed: float = 0.0

    def handle(self, delivery: Delivery, context: LambdaContext, *, cold: bool) -> Hold:  # noqa: ARG002
        """Hold the message: while a deployment adds the type, the API may make its jobs before this worker knows it."""
        events.type_undeclared(self.name, delivery.receive_count)
        return unavailable(delivery.receive_count, self.spread)


@dataclass
class Unloadable:
    """Handle messages of a type whose file cannot be imported."""

    name: str
    spread: Callable[[float, float], float]
    error: BaseException
    starts: StartPolicy = field(default_factory=Immediate)
    serial: bool = False
    needed: float = 0.0

    def handle(self, delivery: Delivery, context: LambdaContext, *, cold: bool) -> Hold:  # noqa: ARG002
        """Hold the message until a version comes that can be imported; the other types of the queue go on."""
        events.type_unloadable(self.name, self.error)
        return unavailable(delivery.receive_count, self.spread)


@dataclass
class Moved:
    """Handle messages of a type that has another queue now: this function's role is not for its jobs."""

    name: str
    store: JobStore
    clock: Callable[[], float]
    starts: StartPolicy = field(default_factory=Immediate)
    serial: bool = False
    needed: float = 0.0

    def handle(self, delivery: Delivery, context: LambdaContext, *, cold: bool) -> Drop | Hold:  # noqa: ARG002
        """Record that the job needs a message on its own queue, which the watchdog sends; drop this one."""
        now = round(self.clock(), 3)
        message = parse_message(delivery.body)
        try:
            job = self.store.get_without_bodies(message.id)
        except JobNotFound:
            return unknown(delivery.receive_count, young=delivery.young(now))
        end = of_moved(message, job, now)
        if end is not None:
            return end
        try:
            due_at = max(now, (job.next_attempt_at or now) - LOOK_AHEAD)
            after = self.store.apply(job.id, transitions.redeliver(job, now=now, due_at=due_at, stalled=False))
        except MoveRefused:
            return Hold(1, "lost a race")
        events.message_dropped(message, after, "its type has another queue")
        return Drop("its type has another queue")


def of_moved(message: Message, job: Job, now: float) -> Drop | Hold | None:
    """Return what to do with a message on a former queue of its type; None: the job needs a message on the new one."""
    if message.gen != job.gen:
        return Drop("older generation") if message.gen < job.gen else Hold(5, "newer generation than stored")
    if job.status is Status.DEAD_LETTER:
        return TO_DEAD_LETTERS
    if job.terminal:
        return Drop(f"job is {job.status}")
    if not job.sent:
        return Drop("another message is on its way")
    left = (job.lease_until or now) - now
    if job.status is Status.PROCESSING and left >= 0:
        return Hold(math.ceil(left) + 1, "held under a live lease")
    return None

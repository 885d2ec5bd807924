"""Process the messages of a queue that several job types share. Each message is handled by the worker of its type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chalicelib.errors import JobNotFound, MalformedMessage, MoveRefused, UnknownJobType
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs import transitions
from chalicelib.jobs.constants import LOOK_AHEAD
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.message import parse_message
from chalicelib.jobs.message_fate import Drop, Hold, malformed, of_moved, unavailable, unknown
from chalicelib.jobs.port import JobQueue, JobStore
from chalicelib.pausing.circuit_breaker import AlwaysClosed, CircuitBreaker
from chalicelib.side_by_side import Beside, at_once
from chalicelib.telemetry import events
from chalicelib.worker.batch import Handles, Messages
from chalicelib.worker.consume import Worker
from chalicelib.worker.context import LambdaContext
from chalicelib.worker.crew import Crew, OneByOne
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
    beside: Beside = at_once
    crew: Callable[[int], Crew] = lambda _: OneByOne()

    def __post_init__(self) -> None:
        self._messages = Messages(
            self.key, self.queue, self.spread, type_of, self.workers, self._load, AlwaysClosed(),
            beside=self.beside, crew=self.crew,
        )  # fmt: skip

    def work(self, event: Mapping[str, Any], context: LambdaContext) -> list[str]:
        """Process the event's messages; return the ids of the messages that must be delivered again."""
        return self._messages.work(event, context)

    def _load(self, name: str) -> Handles:
        if not name:
            return NotRun(self.key, self._unreadable)
        try:
            kind = self.declared(name)
        except UnknownJobType:
            return NotRun(name, partial(self._undeclared, name))
        # A file that ends the process would end it for the messages of all types.
        except (Exception, SystemExit) as error:
            return NotRun(name, partial(self._unloadable, name, error))
        if kind.queue_key != self.key:
            return NotRun(name, self._moved)
        if not self.workers:  # the first type that is imported knows the queue's settings
            self._messages.breaker, self._messages.threads = self.breaker(kind), kind.function.threads
        return self.workers.setdefault(kind.name, self.worker(kind, self._messages.breaker))

    def _unreadable(self, delivery: Delivery) -> Hold:
        """Hold a message whose body cannot be read: another version may be able to read it."""
        try:
            why = f"no job type: {parse_message(delivery.body).type!r}"
        except MalformedMessage as error:
            why = str(error)
        events.message_malformed(self.key, why, delivery.receive_count)
        return malformed(delivery.receive_count)

    def _undeclared(self, name: str, delivery: Delivery) -> Hold:
        """Hold a message of a type that no file declares.

        While a deployment adds the type, the API may make its jobs before this worker knows it.
        """
        events.type_undeclared(name, delivery.receive_count)
        return unavailable(delivery.receive_count, self.spread)

    def _unloadable(self, name: str, error: BaseException, delivery: Delivery) -> Hold:
        """Hold a message of a type whose file cannot be imported, until a version comes that can be imported."""
        events.type_unloadable(name, error)
        return unavailable(delivery.receive_count, self.spread)

    def _moved(self, delivery: Delivery) -> Drop | Hold:
        """Drop a message of a type that has another queue now: this function's role is not for its jobs.

        Record that the job needs a message on its own queue, which the watchdog sends.
        """
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


def type_of(delivery: Delivery) -> str:
    """Return the job type that a message names; empty if its body cannot be read."""
    try:
        return parse_message(delivery.body).type
    except MalformedMessage:
        return ""


@dataclass
class NotRun:
    """Handle the messages of a type that this process cannot run, and never call a job function.

    `answer` returns what to do with a message.
    """

    name: str
    answer: Callable[[Delivery], Drop | Hold]
    starts: StartPolicy = field(default_factory=Immediate)
    serial: bool = False
    needed: float = 0.0

    def lost(self, _: Delivery) -> bool:
        """See Handles."""
        return False

    def sent_anew(self, *_: object) -> bool:
        """See Handles."""
        return False

    def handle(self, delivery: Delivery, *_: object, **__: object) -> Drop | Hold:
        """See Handles."""
        return self.answer(delivery)

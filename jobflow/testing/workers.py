"""Simulate the workers of a stage: one invocation at a time, with the faults that a test sets."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from inspect import iscoroutinefunction
from typing import Any

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import HeldMessage, MemoryJobQueue
from chalicelib.batches.batches import Batches
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queue import name_in_aws
from chalicelib.job_types.queues import TypeQueue, queues_of
from chalicelib.job_types.retry import no_jitter
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from chalicelib.limits.memory import MemoryPlaces, MemoryTurns
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import Lines
from chalicelib.pausing.circuit_breaker import AlwaysClosed, CircuitBreaker
from chalicelib.pausing.memory import MemoryAutoPauses
from chalicelib.producing.service import JobService
from chalicelib.worker.consume import Worker
from chalicelib.worker.shared import Breaker, SharedWorker
from chalicelib.worker.start import start_policy
from jobflow.testing.clock import Clock
from jobflow.testing.secrets import environment_of, secrets_of


class WorkerGone(BaseException):
    """The worker's process ends during an attempt: nothing is settled, as after a crash."""


@dataclass
class Invocation:
    """Simulate Lambda's context, which ends on the test's clock."""

    clock: Clock
    ends: float
    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """See LambdaContext."""
        return int((self.ends - self.clock.now) * 1000)


@dataclass
class Workers:
    """Take messages from the queue of a type, and run the function as Lambda would."""

    store: MemoryJobStore
    queue: MemoryJobQueue
    clock: Clock
    secrets: Mapping[str, str] = field(default_factory=dict)
    service: JobService | None = None
    batches: Batches | None = None
    faults: dict[str, deque[BaseException]] = field(default_factory=dict)
    duplicates: int = 0
    turns: MemoryTurns = field(default_factory=MemoryTurns)
    places: MemoryPlaces = field(default_factory=MemoryPlaces)
    pauses: MemoryAutoPauses = field(default_factory=MemoryAutoPauses)
    off: set[str] = field(default_factory=set)
    probes: dict[str, deque[Message]] = field(default_factory=dict)
    count: int = 0

    def invoke(self, name: str, seconds: float | None = None, job_id: str | None = None) -> int:
        """Run the visible messages of a queue, or of one job, in one invocation; return their number.

        `name` is a type of the queue, or the name of a shared queue.
        """
        (queue,) = queues_of(map(jobtype.get, jobtype.sharing(jobtype.queue_of(name))))
        key, batch = self._batch(queue, job_id)
        if not batch:
            return 0
        self.count += 1
        ends = self.clock.now + (queue.timeout if seconds is None else seconds)
        invocation = Invocation(self.clock, ends, f"request-{self.count}")
        try:
            with environment_of(queue.types[0]):
                again = self._works(queue).work({"Records": [_record(message, key) for message in batch]}, invocation)
        except WorkerGone:
            return len(batch)
        for message in batch:
            if message.receipt not in again:
                self._acknowledge(key, message)
        return len(batch)

    def switch(self, job_type: str, *, on: bool) -> None:
        """See Consumers."""
        (self.off.discard if on else self.off.add)(job_type)

    def probe(self, message: Message) -> None:
        """See Prober."""
        self.probes.setdefault(jobtype.queue_of(message.type), deque()).append(message)

    def _batch(self, queue: TypeQueue, job_id: str | None) -> tuple[str, list[HeldMessage]]:
        """Return the messages of one invocation, and the key of the queue that they come from: the urgent one first."""
        if self.probes.get(queue.key):
            probe = self.probes[queue.key].popleft()
            return queue.key, [HeldMessage(probe, "probe", self.clock.now, 1, sent_at=self.clock.now)]
        for key in [] if queue.key in self.off else reversed(queue.keys):
            if batch := self.queue.receive(key, queue.function.batch_size, job_id):
                return key, batch
        return queue.key, []

    def _works(self, queue: TypeQueue) -> Worker | SharedWorker:
        if not queue.shared:
            return self._worker(queue.types[0])
        return SharedWorker(
            queue.key, self.store, self.queue, self.clock, lambda low, _: low, self._worker, self._breaker
        )

    def _worker(self, kind: JobType[Any, Any], breaker: Breaker | None = None) -> Worker:
        return Worker(
            replace(kind, run=self._faulty(kind.run, kind.name)), self.store, self.queue, self.clock, no_jitter,
            spread=lambda low, _: low, sleep=self.clock.advance, pause=self._pause,
            secrets=secrets_of(kind, self.secrets), service=self.service, breaker=breaker or self._breaker(kind),
            batches=self.batches,
            starts=start_policy(kind, self.store, lambda: self.turns, self.clock, self.clock.advance),
            lines=Lines(Dispatcher(self.store, self.queue, self.clock), self.places, kind) if kind.limits else None,
        )  # fmt: skip

    async def _pause(self, seconds: float) -> None:
        ends = self.clock.after(seconds)
        await asyncio.sleep(0)  # other steps go on, or pause at the same time
        self.clock.now = max(self.clock.now, ends)

    def _breaker(self, kind: JobType[Any, Any]) -> Breaker:
        if kind.pause_when is None:
            return AlwaysClosed()
        return CircuitBreaker(kind.queue_key, kind.pause_when, self.pauses, self.clock, sleep=lambda _: None)

    def _faulty(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        async def faulty_on_loop(payload: Any, ctx: Any) -> Any:
            if waiting := self.faults.get(name):
                raise waiting.popleft()
            return await function(payload, ctx)

        def faulty(payload: Any, ctx: Any) -> Any:
            if waiting := self.faults.get(name):
                raise waiting.popleft()
            return function(payload, ctx)

        return faulty_on_loop if iscoroutinefunction(function) else faulty

    def _acknowledge(self, name: str, message: HeldMessage) -> None:
        if self.duplicates:
            self.duplicates -= 1
            self.queue.set_visibility(name, [message.receipt], 0)
        else:
            self.queue.delete(name, message.receipt)


def _record(message: HeldMessage, key: str) -> dict[str, Any]:
    attributes = {
        "ApproximateReceiveCount": str(message.receive_count), "SentTimestamp": str(round(message.sent_at * 1000)),
        "MessageGroupId": message.group or "",
    }  # fmt: skip
    body = write_message(message.message)
    return {
        "messageId": message.receipt, "receiptHandle": message.receipt, "body": body, "attributes": attributes,
        "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:jobflow-test-{name_in_aws(key)}",
    }  # fmt: skip

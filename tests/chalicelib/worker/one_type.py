"""Provide one job type with its queue, store and worker, over the memory ports, on a controlled clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import HeldMessage, MemoryJobQueue
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.retry import no_jitter
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from chalicelib.worker.consume import Worker
from tests.proof.grounds.faults import Crash
from tests.support import Clock, Invocation, sqs_record


class Note(BaseModel):
    text: str = "hello"


@dataclass
class OneType:
    """One job type with its queue, store and worker; `script` defines each attempt."""

    clock: Clock = field(default_factory=Clock)
    script: list[Callable[[JobContext], object]] = field(default_factory=list)
    ran: list[tuple[int, int]] = field(default_factory=list)
    timeout: int = 60
    function: Function = field(default_factory=Function)

    def __post_init__(self) -> None:
        self.store = MemoryJobStore(self.clock)
        self.kind = JobType("test.note", self._function, Note, timeout=self.timeout, function=self.function)
        self.queue = MemoryJobQueue(self.clock, 6 * self.timeout, self.kind.max_receives)
        ports, lowest = (self.kind, self.store, self.queue, self.clock), lambda low, _: low
        self.worker = Worker(*ports, no_jitter, spread=lowest, sleep=self.clock.advance)

    def _function(self, _: Note, ctx: JobContext) -> object:
        self.ran.append(ctx.job.token)
        return self.script.pop(0)(ctx) if self.script else "done"

    def submit(self, job_id: str = "job-1", **fields: object) -> Job:
        now = self.clock.now
        given: Any = {"payload": {"text": "hi"}, "due_at": now + 60, "sent": True, **fields}
        job = Job(job_id, "test.note", Status.QUEUED, now, now, **given)
        self.store.add(job)
        self.queue.send(Message(job.id, 1, job.type))
        return job

    def job(self, job_id: str = "job-1") -> Job:
        return self.store.get(job_id)

    def invocation(self) -> Invocation:
        return Invocation(self.clock, self.clock.now + self.timeout)

    def poll(self) -> int:
        """Receive and process one batch as Lambda does: acknowledge the messages that are not reported.

        Returns its size.
        """
        batch = self.queue.receive("test.note")
        if batch:
            self.deliver(batch)
        return len(batch)

    def deliver(self, batch: list[HeldMessage]) -> None:
        records = [sqs_record(m.receipt, write_message(m.message), m.receive_count, m.sent_at) for m in batch]
        again = self.worker.work({"Records": records}, self.invocation())
        for message in batch:
            if message.receipt not in again:
                self.queue.delete("test.note", message.receipt)

    def waiting(self) -> list[HeldMessage]:
        return self.queue.messages.get("test.note", [])

    def dead(self) -> list[HeldMessage]:
        return self.queue.dead.get("test.note", [])


def raising(error: BaseException) -> Callable[[JobContext], object]:
    def attempt(_: JobContext) -> object:
        raise error

    return attempt


def boom(_: JobContext) -> object:
    raise ValueError("boom")


def die(_: JobContext) -> object:
    """Kill the process of the attempt."""
    raise Crash

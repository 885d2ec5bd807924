"""Run a shared queue with its types and one worker process, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from chalicelib import Function, JobContext, JobType, Queue, job
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import HeldMessage, MemoryJobQueue
from chalicelib.job_types import jobtype
from chalicelib.job_types.queues import queues_of
from chalicelib.job_types.retry import no_jitter
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.pausing.circuit_breaker import AlwaysClosed, CircuitBreaker
from chalicelib.pausing.memory import MemoryAutoPauses
from chalicelib.watchdog.run import Watchdog
from chalicelib.worker.consume import Worker
from chalicelib.worker.crew import Crew, OneByOne
from chalicelib.worker.shared import Breaker, SharedWorker
from tests.support import Clock, Invocation, sqs_record

MAIL = Queue("mail", function=Function(batch_size=10))


class Note(BaseModel):
    text: str = "hello"


@dataclass
class Shared:
    """A shared queue with its types and one worker process."""

    clock: Clock = field(default_factory=Clock)
    ran: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    errors: dict[str, BaseException] = field(default_factory=dict)
    invocations: int = 0
    crew: Callable[[int], Crew] = staticmethod(lambda _: OneByOne())  # noqa: RUF009
    act: Callable[[JobContext], object] = staticmethod(lambda _: None)  # noqa: RUF009
    spread: Callable[[float, float], float] = staticmethod(lambda low, _: low)  # noqa: RUF009

    def __post_init__(self) -> None:
        self.store, self.queue = MemoryJobStore(self.clock), MemoryJobQueue(self.clock, 360)
        self.pauses = MemoryAutoPauses()
        self.new_process()

    def declare(self, name: str, queue: Queue | None = MAIL, **settings: Any) -> JobType[Any, Any]:
        def act(_: Note, ctx: JobContext) -> str:
            self.ran.append(f"{name} {ctx.job.id}")
            self.act(ctx)
            if name in self.errors:
                raise self.errors[name]
            return "done"

        kind = job(name, queue=queue, **settings)(act)
        self.queue.receives = {one.key: one.max_receives for one in queues_of(jobtype.all_types())}
        return kind

    def new_process(self) -> None:
        self.worker = SharedWorker(
            "mail", self.store, self.queue, self.clock, self.spread, self._worker, self._breaker, self._declared,
            crew=self.crew,
        )  # fmt: skip

    def _worker(self, kind: JobType[Any, Any], breaker: Breaker) -> Worker:
        return Worker(
            kind, self.store, self.queue, self.clock, no_jitter, spread=lambda low, _: low, sleep=self.clock.advance,
            breaker=breaker,
        )  # fmt: skip

    def _breaker(self, kind: JobType[Any, Any]) -> Breaker:
        rule = kind.pause_when
        if rule is None:
            return AlwaysClosed()
        return CircuitBreaker(kind.queue_key, rule, self.pauses, self.clock, self.clock.advance)

    def _declared(self, name: str) -> JobType[Any, Any]:
        if name in self.broken:
            raise ImportError("no module named weasyprint")
        return jobtype.declared(name)

    def submit(self, name: str, job_id: str, **fields: Any) -> Job:
        now = self.clock.now
        most = jobtype.registered[name].max_attempts if name in jobtype.registered else 1
        given: dict[str, Any] = {"payload": {}, "due_at": now + 60, "sent": True, "max_attempts": most, **fields}
        made = Job(job_id, name, Status.QUEUED, now, now, **given)
        self.store.add(made)
        if name in jobtype.registered:
            self.queue.send(Message(job_id, 1, name))
        else:  # its file is not imported yet
            held = HeldMessage(Message(job_id, 1, name), f"receipt-{job_id}", now, sent_at=now)
            self.queue.messages.setdefault("mail", []).append(held)
        return made

    def poll(self, seconds: float = 60) -> list[HeldMessage]:
        batch = self.queue.receive("mail")
        if batch:
            self.invocations += 1
            records = [sqs_record(m.receipt, write_message(m.message), m.receive_count, m.sent_at) for m in batch]
            again = self.worker.work({"Records": records}, Invocation(self.clock, self.clock.now + seconds))
            for message in batch:
                if message.receipt not in again:
                    self.queue.delete("mail", message.receipt)
        return batch

    def statuses(self, *ids: str) -> list[str]:
        return [str(self.store.get(job_id).status) for job_id in ids]

    def watch(self) -> None:
        Watchdog(Dispatcher(self.store, self.queue, self.clock), jobtype.names()).run(lambda: 60.0)

"""A job type that pauses by itself, with its worker's breaker, its row, and what its jobs do."""

from collections.abc import Callable
from typing import Any

from chalicelib.errors import PermanentError, RetryLater
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.failing import Failing
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from chalicelib.pausing.circuit_breaker import CircuitBreaker
from chalicelib.pausing.memory import MemoryAutoPauses
from chalicelib.pausing.probes import event_of
from chalicelib.pausing.rule import AutoPause
from chalicelib.worker.consume import Worker
from tests.chalicelib.worker.one_type import OneType

TYPE = "test.note"
RULE = Failing(of=3, within=300)
Act = Callable[[JobContext], object]


class Rows(MemoryAutoPauses):
    """Rows that count their requests, and fail when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.fails = self.lost = False

    def read(self, job_type: str, *, consistent: bool = True) -> AutoPause:
        """See AutoPauses."""
        self._ask("read")
        return super().read(job_type, consistent=consistent)

    def replace(self, job_type: str, seen: AutoPause, new: AutoPause) -> AutoPause | None:
        """See AutoPauses."""
        self._ask("replace")
        told = super().replace(job_type, seen, new)
        if self.lost:
            raise TimeoutError("the answer was lost")
        return told

    def row(self) -> AutoPause:
        """The row, as it stands."""
        return self._rows.get(TYPE, AutoPause())

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        if self.fails:
            raise TimeoutError("no answer")


class Paused(OneType):
    """One type with a breaker; `jobs` have been submitted."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rows = Rows()
        self.jobs = 0
        self.new_process()

    def new_process(self) -> None:
        """Let a new execution environment take over."""
        breaker = CircuitBreaker(TYPE, RULE, self.rows, self.clock, self.clock.advance)
        self.worker = Worker(**{**vars(self.worker), "breaker": breaker})

    def run(self, *acts: Act) -> None:
        """Submit a job for each of these attempts, and let it be received."""
        for act in acts:
            self.jobs += 1
            self.submit(f"job-{self.jobs}")
            self.script.append(act)
            self.poll()

    def until_due(self) -> None:
        """Let the time of the next probe come."""
        self.clock.advance(self.rows.row().probe_at - self.clock.now)

    def probe(self, job_id: str, *acts: Act) -> Any:
        """Invoke the worker with a message that is in no queue."""
        self.script += acts
        event = event_of(write_message(Message(job_id, 1, TYPE)))
        return self.worker.work(event, self.invocation())


def ok(_: JobContext) -> object:
    return "done"


def later(_: JobContext) -> object:
    raise RetryLater(30, "busy")


def never(_: JobContext) -> object:
    raise PermanentError("boom")

"""Run bulk actions over the memory ports; each call may fail or end the process."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.bulk.background import BulkWork, NewBulkAction
from chalicelib.bulk.constants import LONGEST_SLICE_PAUSE
from chalicelib.bulk.memory import MemoryBackground, MemoryBulkActions
from chalicelib.bulk.port import BulkAction
from chalicelib.bulk.request import BulkActions
from chalicelib.errors import MoveRefused
from chalicelib.jobs import job as j
from chalicelib.jobs.change import Change
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from tests.support import Clock, a_job

BY_OPERATORS = (j.REQUEUE, j.CANCEL, j.COMPENSATE, j.ASK_TO_STOP, j.DISCARD)
Fault = Callable[[str], object]


class Dead(BaseException):
    """The process ends here."""


class Store(MemoryJobStore):
    poison: Sequence[str] = ()
    """Jobs for which every change by an operator fails."""
    refuses: Sequence[str] = ()
    """Jobs that another process changes first."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.acted: Counter[str] = Counter()

    def apply(self, job_id: str, change: Change) -> Job:
        if job_id in self.poison and change.move in BY_OPERATORS:
            raise OSError("KMS.DisabledException")
        if job_id in self.refuses:
            raise MoveRefused(change.move.name, replace(self.get(job_id), status=Status.PROCESSING))
        before = self._jobs[job_id].writer
        after = super().apply(job_id, change)
        self.acted[job_id] += change.move in BY_OPERATORS and before != change.writer
        return after


class Faulty:
    """A port whose calls may raise, before or after they take effect."""

    def __init__(self, port: Any, bench: "Platform") -> None:
        self._port, self._bench = port, bench

    def __getattr__(self, name: str) -> Any:
        def call(*asked: Any, **more: Any) -> Any:
            self._bench.before(name)
            answer = getattr(self._port, name)(*asked, **more)
            self._bench.after(name)
            return answer

        return call


@dataclass
class Platform:
    """Bulk actions over memory; each call of a port may raise, as `before` and `after` say."""

    clock: Clock = field(default_factory=Clock)
    before: Fault = lambda _: None
    after: Fault = lambda _: None
    threads: int = 1

    def __post_init__(self) -> None:
        self.counters = MemoryCounters()
        self.store, self.rows = Store(self.clock), MemoryBulkActions(self.counters)
        self.ports = Faulty(self.store, self), Faulty(self.rows, self)
        self.background = MemoryBackground()
        rows: Any = self.ports[1]
        self.work = BulkWork(rows, self._acting, self.background, self.clock)

    def operations(self, by: str, bulk: BulkAction | None = None) -> Operations:
        """Return the use cases of an operator, or of a worker that processes a bulk action."""
        store: Any = self.ports[0] if bulk else self.store
        of: dict[str, Any] = (
            {"in_bulk": True, "bulk": bulk.id, "bulk_since": bulk.started_at, "edit": bulk.edit} if bulk else {}
        )
        return Operations(Dispatcher(store, MemoryJobQueue(self.clock), self.clock), by, **of)

    def _acting(self, bulk: BulkAction) -> BulkActions:
        store: Any = self.ports[0]
        return BulkActions(store, self.operations(bulk.by, bulk), "secret", self.clock, self.threads)

    def jobs(self, number: int, status: Status = Status.FAILED) -> Sequence[str]:
        at_work = {"attempts": 1, "claims": 1, "lease_until": self.clock.now + 1e6}
        jobs = [a_job(status=status, created_at=self.clock.now + n, **at_work) for n in range(number)]
        for job in jobs:
            self.store.add(job)
        return [job.id for job in jobs]

    def start(
        self, which: Filter | None = None, ids: Sequence[str] = (), action: str = "retry", **more: Any
    ) -> BulkAction:
        """Start an action on all jobs for which it is possible, or on these jobs."""
        which = which or (None if ids else Filter())
        return self.work.start(NewBulkAction(action, "ada", "1f2e", which, tuple(ids), **more))

    def alone(self, work: Callable[[], object]) -> None:
        """Run this in a separate process, which may end."""
        with contextlib.suppress(Dead, TimeoutError):
            work()

    def go_on(self, remaining: Callable[[], float] = lambda: 840.0) -> BulkAction:
        """Process the open actions, as the invoked function does; return the newest action."""
        self.clock.now += 1
        self.work.work(self.counters.standing().bulk, remaining)
        return self.rows.newest(1)[0]

    def to_the_end(self, meanwhile: Callable[[], None] = lambda: None) -> BulkAction | None:
        """Process the action as often as the watchdog would in a day; return None if its row was never written."""
        for _ in range(120):
            meanwhile()
            self.clock.advance(LONGEST_SLICE_PAUSE)
            self.alone(lambda: self.work.work(self.counters.standing().bulk, lambda: 840.0))
            found = self.rows.newest(1)
            if not found or not found[0].open:
                return found[0] if found else None
            assert found[0].done <= sum(self.store.acted.values()), "nothing is counted that was not done"
        raise AssertionError("it does not end")

    def done(self) -> BulkAction:
        """Return the only action when it has ended; the jobs that it retries fail again meanwhile."""
        over = self.to_the_end(self.all_fail_again)
        assert over is not None
        return over

    def all_fail_again(self) -> None:
        """End the retried jobs with another error, so that a later part of the search finds them."""
        for job_id, job in self.store._jobs.items():
            if job.status is Status.QUEUED and self.store.acted[job_id]:
                self.store._jobs[job_id] = replace(job, status=Status.DEAD_LETTER, writer="worker")


def whichever_call_fails(when: str, what: type[BaseException]) -> Iterator[Platform]:
    """Yield a platform for each call of a port: this call fails, `before` or after its effect.

    End when there are no more calls.
    """
    for number in range(200):
        bench, calls = Platform(), iter(range(1_000))

        def fault(_: str, number: int = number, calls: Iterator[int] = calls) -> None:
            if next(calls) == number:
                raise what("no answer")

        setattr(bench, when, fault)
        yield bench
        if next(calls) <= number:
            return
    raise AssertionError("there are more calls than were tried")

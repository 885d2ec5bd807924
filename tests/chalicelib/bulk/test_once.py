"""A bulk action acts on each job at most once and counts it once, whatever fails or dies."""

import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.bulk.background import FIRST_SLICE, LONGEST_PAUSE, MOST_TRIES, SLICE, BulkWork, NewBulkAction
from chalicelib.bulk.memory import MemoryBackground, MemoryBulkActions
from chalicelib.bulk.port import BulkAction, BulkState
from chalicelib.bulk.request import BulkActions
from chalicelib.jobs import job as j
from chalicelib.jobs.change import Change
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.limits import TIME_TO_ACT
from chalicelib.jobs.port import Filter
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from tests.support import Clock, a_job

BY_OPERATORS = (j.REQUEUE, j.CANCEL, j.ASK_TO_STOP, j.DISCARD)
Fault = Callable[[str], None]


class Dead(BaseException):
    """The process ends here."""


class Store(MemoryJobStore):
    """Notes what operators did; `poison` are jobs that every change of an operator fails for."""

    poison: Sequence[str] = ()

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.acted: Counter[str] = Counter()

    def apply(self, job_id: str, change: Change) -> Job:
        if job_id in self.poison and change.move in BY_OPERATORS:
            raise OSError("KMS.DisabledException")
        before = self._jobs[job_id].writer
        after = super().apply(job_id, change)
        self.acted[job_id] += change.move in BY_OPERATORS and before != change.writer
        return after


class Faulty:
    """Each call of a port may fail or end the process, before it takes effect or afterwards."""

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
    """Bulk actions over memory; `before` and `after` each call of a port may raise."""

    clock: Clock = field(default_factory=Clock)
    before: Fault = lambda _: None
    after: Fault = lambda _: None
    threads: int = 1

    def __post_init__(self) -> None:
        self.counters = MemoryCounters()
        self.store, self.rows = Store(self.clock), MemoryBulkActions(self.counters)
        self.ports = Faulty(self.store, self), Faulty(self.rows, self)
        rows: Any = self.ports[1]
        self.work = BulkWork(rows, self._acting, MemoryBackground(), self.clock)

    def _acting(self, bulk: BulkAction) -> BulkActions:
        store: Any = self.ports[0]
        dispatcher = Dispatcher(store, MemoryJobQueue(self.clock), self.clock)
        operations = Operations(dispatcher, bulk.by, in_bulk=True, bulk=bulk.id, bulk_since=bulk.started_at)
        return BulkActions(store, operations, "secret", self.clock, self.threads)

    def jobs(self, number: int, status: Status = Status.FAILED) -> Sequence[str]:
        jobs = [
            a_job(status=status, created_at=self.clock.now + n, attempts=1, claims=1, lease_until=self.clock.now + 1e6)
            for n in range(number)
        ]
        for job in jobs:
            self.store.add(job)
        return [job.id for job in jobs]

    def start(self, action: str, which: Filter | None = None, ids: Sequence[str] = ()) -> None:
        self.alone(lambda: self.work.start(NewBulkAction(action, "ada", "1f2e", which, tuple(ids))))

    def alone(self, work: Callable[[], object]) -> None:
        """Do it in a process of its own, which may end."""
        with contextlib.suppress(Dead, TimeoutError):
            work()

    def to_the_end(self, meanwhile: Callable[[], None] = lambda: None) -> BulkAction | None:
        """Work it off, as often as the watchdog has that done in a day."""
        for _ in range(120):
            meanwhile()
            self.clock.advance(LONGEST_PAUSE)
            self.alone(lambda: self.work.work(self.counters.standing().bulk, lambda: 840.0))
            found = self.rows.newest(1)
            if not found or not found[0].open:
                return found[0] if found else None
            assert found[0].done <= sum(self.store.acted.values()), "nothing is counted that was not done"
        raise AssertionError("it does not end")

    def all_fail_again(self) -> None:
        """End what was retried with an error of another kind, which a later part of the search finds."""
        for job_id, job in self.store._jobs.items():
            if job.status is Status.QUEUED and self.store.acted[job_id]:
                self.store._jobs[job_id] = replace(job, status=Status.DEAD_LETTER, writer="worker")


def nth(number: int, what: BaseException) -> Fault:
    """Return a fault at one call."""
    calls = itertools.count()

    def fault(_: str) -> None:
        if next(calls) == number:
            raise what

    return fault


FAULTS = {
    "dies before": ("before", Dead), "dies after": ("after", Dead), "is refused": ("before", TimeoutError),
    "loses the answer": ("after", TimeoutError),
}  # fmt: skip
ACTIONS = {
    "retry": Status.FAILED,
    "discard": Status.FAILED,
    "cancel": Status.QUEUED,
    "cancel running": Status.PROCESSING,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("listed", [False, True], ids=["filter", "listed"])
@pytest.mark.parametrize("action", ACTIONS)
def test_each_job_is_acted_on_once_whichever_call_fails(action: str, listed: bool, fault: str) -> None:
    when, what = FAULTS[fault]
    for number in range(200):
        bench = Platform()
        ids = bench.jobs(3, ACTIONS[action])
        called = itertools.count()
        calls = nth(number, what("no answer"))
        setattr(bench, when, lambda name, calls=calls, called=called: (next(called), calls(name)))
        bench.start(action.split(maxsplit=1)[0], None if listed else Filter(), ids if listed else ())
        over = bench.to_the_end(bench.all_fail_again)
        if over is not None:  # else its row was never written, and its operator was told so
            assert (over.state, over.matched, over.done, over.skipped) == (BulkState.DONE, 3, 3, 0), number
            assert [bench.store.acted[job_id] for job_id in ids] == [1, 1, 1], number
        if next(called) < number:
            return
    raise AssertionError("there are more calls than were tried")


@pytest.mark.parametrize("fault", ["dies before", "dies after", "is refused"])
def test_what_was_done_is_counted_when_it_is_stopped_after_its_worker_died(fault: str) -> None:
    when, what = FAULTS[fault]
    for number in range(200):
        bench = Platform()
        bench.jobs(3)
        called = itertools.count()
        calls = nth(number, what("no answer"))
        setattr(bench, when, lambda name, calls=calls, called=called: (next(called), calls(name)))
        bench.start("retry", Filter())
        for bulk in bench.rows.newest(1):
            bench.alone(partial(bench.work.stop, bulk.id, "ada"))
        over = bench.to_the_end(bench.all_fail_again)
        if over is not None:
            assert (over.matched, over.done, over.skipped) == (over.done, bench.store.acted.total(), 0), number
        if next(called) < number:
            return
    raise AssertionError("there are more calls than were tried")


def test_another_operator_who_acts_in_between_does_not_make_it_act_again() -> None:
    bench = Platform()
    (job_id,) = bench.jobs(1)
    bench.after = nth_of("apply", 0, Dead())
    bench.start("retry", Filter())
    bench.all_fail_again()
    Operations(Dispatcher(bench.store, MemoryJobQueue(bench.clock), bench.clock), "bob").retry(job_id)
    bench.store._jobs[job_id] = replace(bench.store.get(job_id), status=Status.DEAD_LETTER)
    over = bench.to_the_end(bench.all_fail_again)
    assert over is not None
    assert (over.state, over.matched, over.done) == (BulkState.DONE, 1, 1)
    assert bench.store.acted[job_id] == 2, "one by each of the two operators"


def nth_of(name: str, number: int, what: BaseException) -> Fault:
    fault = nth(number, what)
    return lambda called: fault(called) if called == name else None


def test_another_bulk_action_acts_on_the_same_jobs_once_more() -> None:
    bench = Platform()
    ids = bench.jobs(3)
    for _ in range(2):
        bench.start("retry", Filter())
        over = bench.to_the_end(bench.all_fail_again)
        assert over is not None
        assert over.done == 3
        bench.all_fail_again()
    assert [bench.store.acted[job_id] for job_id in ids] == [2, 2, 2]


@pytest.mark.parametrize("listed", [False, True], ids=["filter", "listed"])
def test_one_job_that_cannot_be_done_is_skipped_with_its_reason_and_no_other_one_waits_for_it(listed: bool) -> None:
    bench = Platform(threads=4)
    ids = bench.jobs(2 * SLICE)
    bench.store.poison = [ids[3], ids[150]]
    bench.start("retry", None if listed else Filter(), ids if listed else ())
    bench.clock.advance(1)
    bench.work.work(bench.counters.standing().bulk, lambda: 840.0)
    (begun,) = bench.rows.newest(1)
    assert (begun.state, begun.done, begun.problem) == (BulkState.RUNNING, len(ids) - 2, "OSError")
    over = bench.to_the_end(bench.all_fail_again)
    assert over is not None
    assert (over.state, over.matched, over.done, over.skipped) == (BulkState.DONE, len(ids), len(ids) - 2, 2)
    assert [(reason.jobs, sorted(reason.samples)) for reason in over.reasons.values()] == [
        (2, sorted(bench.store.poison))
    ]
    assert ["OSError" in reason for reason in over.reasons] == [True]
    assert set(bench.store.acted.values()) == {1}


def test_jobs_are_tried_again_while_many_requests_are_refused() -> None:
    bench, chance = Platform(), random.Random(3)
    ids = bench.jobs(SLICE)

    def refused(_: str) -> None:
        if chance.random() < 0.06:
            raise TimeoutError

    bench.before = bench.after = refused
    bench.start("retry", Filter())
    over = bench.to_the_end(bench.all_fail_again)
    assert over is not None
    assert (over.state, over.matched, over.skipped) == (BulkState.DONE, over.done + over.skipped, SLICE - over.done)
    assert over.done >= SLICE - 2
    assert max(bench.store.acted.values()) == 1
    assert over.done == len([job_id for job_id in ids if bench.store.acted[job_id]])


def test_a_slice_for_which_there_was_no_time_is_finished_by_the_next_one() -> None:
    bench = Platform()
    ids = bench.jobs(2 * FIRST_SLICE)
    bench.before = lambda name: bench.clock.advance(TIME_TO_ACT / 7 if name == "apply" else 0.0)
    for which, listed in ((Filter(), ()), (None, ids)):
        bench.store.acted.clear()
        bench.start("retry", which, listed)
        over = bench.to_the_end()
        assert over is not None
        assert (over.state, over.matched, over.done) == (BulkState.DONE, len(ids), len(ids))
        assert [bench.store.acted[job_id] for job_id in ids] == [1] * len(ids)
        bench.all_fail_again()


def test_two_workers_at_once_act_on_each_job_once_and_count_it_once() -> None:
    bench = Platform()
    ids = bench.jobs(FIRST_SLICE + 5)
    bench.start("retry", Filter())
    others: list[object] = []

    def another(name: str) -> None:
        """A second worker comes when the lease of the first one is over, who is in the middle of its slice."""
        if name == "apply" and not others:
            others.append(1)
            bench.clock.advance(2 * LONGEST_PAUSE)
            others.append(bench.work.work(bench.counters.standing().bulk, lambda: 840.0))

    bench.before = another
    over = bench.to_the_end()
    assert over is not None
    assert (over.state, over.matched, over.done, over.skipped) == (BulkState.DONE, len(ids), len(ids), 0)
    assert [bench.store.acted[job_id] for job_id in ids] == [1] * len(ids)


def test_a_job_is_given_up_after_some_tries_and_not_before() -> None:
    bench = Platform()
    (job_id,) = bench.jobs(1)
    bench.store.poison = [job_id]
    bench.start("retry", Filter())
    for tries in range(1, MOST_TRIES):
        assert bench.rows.newest(1)[0].hand == {job_id: tries}
        bench.clock.advance(LONGEST_PAUSE)
        bench.work.work(bench.counters.standing().bulk, lambda: 840.0)
    (over,) = bench.rows.newest(1)
    assert (over.state, over.matched, over.skipped) == (BulkState.DONE, 1, 1)


def test_a_job_with_which_another_worker_of_it_was_faster_is_counted_as_done() -> None:
    bench = Platform()
    (job_id,) = bench.jobs(1)
    faster = itertools.count()

    def first(name: str) -> None:
        if name == "apply" and not next(faster):
            (bulk,) = bench.rows.newest(1)
            dispatcher = Dispatcher(bench.store, MemoryJobQueue(bench.clock), bench.clock)
            Operations(dispatcher, "ada", in_bulk=True, bulk=bulk.id, bulk_since=bulk.started_at).retry(job_id)

    bench.before = first
    bench.start("retry", Filter())
    (over,) = bench.rows.newest(1)
    assert (over.state, over.matched, over.done, over.skipped) == (BulkState.DONE, 1, 1, 0)
    assert bench.store.acted[job_id] == 1

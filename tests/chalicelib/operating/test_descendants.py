"""Test the cancellation of a job with its descendants."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.constants import TIME_TO_ACT
from chalicelib.jobs.job import Job, Status
from chalicelib.operating import descendants
from chalicelib.operating.descendants import Told, cancel_all
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from tests.chalicelib.api.support import Note, only_types
from tests.support import Clock, a_job


@pytest.fixture
def operations() -> Iterator[Operations]:
    clock = Clock()
    store = MemoryJobStore(clock)
    kinds: list[JobType[Note, None]] = [
        JobType("test.tree", lambda _payload, _ctx: None, Note, enqueues=("test.tree", "test.leaf")),
        JobType("test.leaf", lambda _payload, _ctx: None, Note),
    ]
    with only_types(*kinds):
        yield Operations(Dispatcher(store, MemoryJobQueue(clock), clock))


def keep(operations: Operations, parent: Job | None = None, kind: str = "test.tree", **fields: object) -> Job:
    """Store a job as a child of `parent`."""
    origin = {} if parent is None else {"parent": parent.id, "root": parent.root or parent.id}
    job = a_job(type=kind, idempotency_key=f"{fields.pop('key', 'k')}", **origin, **fields)
    operations.dispatcher.store.add(job)
    return job


def statuses(operations: Operations, *jobs: Job) -> list[Status]:
    return [operations.dispatcher.store.get(job.id).status for job in jobs]


def test_the_whole_tree_is_cancelled_and_nothing_beside_or_above(operations: Operations) -> None:
    root, other = keep(operations), keep(operations)
    middle = keep(operations, root)
    leaves = [keep(operations, middle, "test.leaf", key=n) for n in range(103)]
    stranger = keep(operations, other)
    after, told = cancel_all(operations, middle.id)
    assert (after.id, after.status) == (middle.id, Status.CANCELLED)
    assert told == Told(cancelled=103), "over more than a page"
    assert set(statuses(operations, middle, *leaves)) == {Status.CANCELLED}
    assert statuses(operations, root, other, stranger) == [Status.QUEUED] * 3


def test_what_has_finished_is_passed_and_what_runs_is_asked(operations: Operations) -> None:
    root = keep(operations, status=Status.COMPLETED)
    done = keep(operations, root, status=Status.FAILED, key="1")
    runs = keep(operations, root, status=Status.PROCESSING, attempts=1, claims=1, lease_until=9e9, key="2")
    waits = keep(operations, done)
    after, told = cancel_all(operations, root.id)
    assert after.status is Status.COMPLETED
    assert told == Told(cancelled=1, asked=1, finished=1)
    assert operations.dispatcher.store.get(runs.id).cancel_requested
    assert statuses(operations, done, waits) == [Status.FAILED, Status.CANCELLED]


@pytest.mark.parametrize("bound", ["jobs", "time"])
def test_a_request_comes_to_so_many_jobs_and_the_next_one_to_the_others(
    operations: Operations, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    clock, cancel = operations.dispatcher.clock, Operations.cancel
    assert isinstance(clock, Clock)

    def slow(self: Operations, job_id: str) -> Job:
        clock.advance(TIME_TO_ACT / 3)
        return cancel(self, job_id)

    if bound == "jobs":
        monkeypatch.setattr(descendants, "MOST_DESCENDANTS", 3)
    else:
        monkeypatch.setattr(Operations, "cancel", slow)
    root = keep(operations)
    children = [keep(operations, root, "test.leaf", key=number) for number in range(8)]
    answers = [cancel_all(operations, root.id)[1] for _ in range(3)]
    assert answers == [Told(3, more=True), Told(3, finished=3, more=True), Told(2, finished=6)]
    assert set(statuses(operations, *children)) == {Status.CANCELLED}


def test_one_that_is_gone_meanwhile_is_no_error(operations: Operations) -> None:
    root = keep(operations)
    child = keep(operations, root, "test.leaf")
    store = operations.dispatcher.store
    assert isinstance(store, MemoryJobStore)
    page = store.page

    def vanishing(*asked: object, **more: object) -> object:
        found = page(*asked, **more)  # type: ignore[arg-type]
        store._jobs[child.id] = replace(child, expires_at=1.0)
        return found

    store.page = vanishing  # type: ignore[method-assign, assignment]
    assert cancel_all(operations, root.id)[1] == Told(finished=1)


def test_nobody_asks_what_a_type_has_made_that_makes_nothing(operations: Operations) -> None:
    root = keep(operations)
    leaf = keep(operations, root, "test.leaf")
    keep(operations, leaf, "test.leaf")  # impossible in practice: it only shows that the list is not read
    gone = keep(operations, root, "test.removed", key="removed")
    under = keep(operations, gone, "test.leaf")
    assert cancel_all(operations, root.id)[1] == Told(cancelled=3)
    assert statuses(operations, under) == [Status.CANCELLED], "nobody knows what a removed type makes"
    former = keep(operations, kind="test.leaf")
    child = keep(operations, former, "test.leaf")
    assert cancel_all(operations, former.id)[1] == Told(cancelled=1), "its type made jobs before"
    assert statuses(operations, child) == [Status.CANCELLED]

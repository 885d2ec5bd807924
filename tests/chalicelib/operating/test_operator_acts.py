"""Check that every action of an operator is stored with the job, with who and when, despite crashes and races."""

from collections.abc import Callable, Iterator

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.api.models.views import job_detail
from chalicelib.bulk.request import BulkActions
from chalicelib.errors import JobConflict
from chalicelib.jobs.change import Change
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.operating.operations import Operations
from chalicelib.producing.service import JobService
from tests.chalicelib.api.support import NOTE, T0, Clock, only_types
from tests.support import a_job


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    with only_types(NOTE):
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> JobService:
    return JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock)


def stored(service: JobService, **fields: object) -> Job:
    job = a_job(type="test.note", **fields)
    service.store.add(job)
    return job


def told(service: JobService, job: Job) -> list[tuple[str, str, int]]:
    return [(one.action, one.by, one.gen) for one in job_detail(service.store.view(job.id), None, None).actions]


def test_each_act_is_told_in_its_order_with_who_did_it(service: JobService, clock: Clock) -> None:
    job = stored(service, status=Status.SCHEDULED, run_at=T0 + 900, next_attempt_at=T0 + 900)
    ada, bob = Operations(service.dispatcher, "ada"), Operations(service.dispatcher, "bob")
    ada.run_now(job.id)
    clock.now += 1
    bob.cancel(job.id)
    clock.now += 1
    ada.retry(job.id)
    clock.now += 1
    bob.cancel(job.id)
    Operations(service.dispatcher).retry(job.id)  # the platform itself is not an operator
    assert told(service, job) == [
        ("run-now", "ada", 1), ("cancel", "bob", 1), ("retry", "ada", 2), ("cancel", "bob", 2),
    ]  # fmt: skip
    failed = stored(service, id="failed", status=Status.FAILED)
    ada.discard(failed.id)
    assert told(service, failed) == [("discard", "ada", 1)]


def test_in_bulk_is_told(service: JobService) -> None:
    job = stored(service, status=Status.FAILED)
    operations = Operations(service.dispatcher, "ada", in_bulk=True)
    BulkActions(service.store, operations, clock=service.clock).on_matches("retry", Filter())
    [act] = job_detail(service.store.view(job.id), None, None).actions
    assert (act.action, act.by, act.in_bulk, act.edited) == ("retry", "ada", True, False)


def test_who_asked_a_running_job_to_stop_first_stays(service: JobService) -> None:
    job = stored(service, status=Status.PROCESSING, claims=1, attempts=1, started_at=T0, lease_until=T0 + 60)
    first = Operations(service.dispatcher, "ada").cancel(job.id)
    assert Operations(service.dispatcher, "bob").cancel(job.id) == first
    assert told(service, job) == [("cancel", "ada", 1)]


def test_a_request_that_dies_before_its_change_leaves_no_act_of_its_own_and_doubles_none(
    service: JobService, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise ConnectionResetError

    job = stored(service, status=Status.FAILED)
    Operations(service.dispatcher, "ada").retry(job.id)
    clock.now += 1
    with monkeypatch.context() as dying:
        dying.setattr(service.store, "apply", die)
        with pytest.raises(ConnectionResetError):
            Operations(service.dispatcher, "bob").cancel(job.id)
    assert told(service, job) == [("retry", "ada", 2)]
    Operations(service.dispatcher, "bob").cancel(job.id)
    assert told(service, job) == [("retry", "ada", 2), ("cancel", "bob", 2)]


class Overtaken(MemoryJobStore):
    """Let another operator act between this operator's read and change."""

    meanwhile: Callable[[str], object] | None = None

    def apply(self, job_id: str, change: Change) -> Job:
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act(job_id)
        return super().apply(job_id, change)


def test_of_two_operators_at_once_both_are_told_or_one_is_refused(clock: Clock) -> None:
    store = Overtaken(clock)
    service = JobService(store, MemoryJobQueue(clock), clock=clock)
    job = stored(service, status=Status.SCHEDULED, run_at=T0 + 900, next_attempt_at=T0 + 900)
    ada, bob = Operations(service.dispatcher, "ada"), Operations(service.dispatcher, "bob")
    store.meanwhile = bob.run_now
    ada.cancel(job.id)
    assert told(service, job) == [("run-now", "bob", 1), ("cancel", "ada", 1)]
    failed = stored(service, id="failed", status=Status.FAILED)
    store.meanwhile = bob.retry
    with pytest.raises(JobConflict, match="queued now"):
        ada.retry(failed.id)
    assert told(service, failed) == [("retry", "bob", 2)]

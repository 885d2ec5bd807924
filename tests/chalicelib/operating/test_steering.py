"""Retry and cancel where HTTP does not reach: what happens when someone is faster."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import (
    JobConflict,
    JobNotFound,
)
from chalicelib.jobs.job import Job, Status
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from chalicelib.producing.service import JobService
from tests.chalicelib.api.support import NOTE, T0, Clock, only_types
from tests.chalicelib.operating.meanwhile import Crowded, asked, status_of


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    with only_types(NOTE):
        yield


@pytest.fixture
def service() -> JobService:
    clock = Clock()
    return JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock)


class TestRetry:
    def test_the_old_message_is_stale_and_a_new_one_goes_out(self, service: JobService) -> None:
        job = service.submit(asked()).job
        status_of(Status.DEAD_LETTER)(service.store, job.id)  # type: ignore[arg-type]
        again = Operations(service.dispatcher).retry(job.id)
        assert (again.gen, again.attempts, again.status, again.sent) == (2, 0, Status.QUEUED, True)
        assert service.queue.depth("test.note").visible == 2

    def test_two_at_once_are_one(self) -> None:
        store = Crowded(status_of(Status.QUEUED))
        service = JobService(store, MemoryJobQueue(), clock=Clock())
        store.times = 0
        job = service.submit(asked()).job
        status_of(Status.FAILED)(store, job.id)
        store.times = 1
        with pytest.raises(JobConflict, match="faster"):
            Operations(service.dispatcher).retry(job.id)

    def test_no_such_job(self, service: JobService) -> None:
        with pytest.raises(JobNotFound):
            Operations(service.dispatcher).retry("x")


class TestCancel:
    def test_a_job_that_is_claimed_meanwhile_is_asked_to_stop(self) -> None:
        store = Crowded(status_of(Status.PROCESSING))
        service = JobService(store, MemoryJobQueue(), clock=Clock())
        store.times = 0
        job = service.submit(asked()).job
        store.times = 1
        after = Operations(service.dispatcher).cancel(job.id)
        assert (after.status, after.cancel_requested) == (Status.PROCESSING, True)

    @pytest.mark.parametrize(("lease_until", "status"), [(T0 - 1, Status.CANCELLED), (T0 + 1, Status.PROCESSING)])
    def test_a_running_job_of_a_removed_type_is_cancelled_when_its_worker_is_gone(
        self, lease_until: float, status: Status
    ) -> None:
        store = MemoryJobStore(Clock())
        job = Job("job-1", "removed.type", Status.PROCESSING, T0, T0, attempts=1, lease_until=lease_until)
        store.add(job)
        after = Operations(Dispatcher(store, MemoryJobQueue(), Clock())).cancel(job.id)
        assert after.status is status
        assert after.cancel_requested is (status is Status.PROCESSING)

    def test_a_job_that_ends_meanwhile_is_a_conflict(self) -> None:
        store = Crowded(status_of(Status.COMPLETED))
        service = JobService(store, MemoryJobQueue(), clock=Clock())
        store.times = 0
        job = service.submit(asked()).job
        store.times = 1
        with pytest.raises(JobConflict, match="completed"):
            Operations(service.dispatcher).cancel(job.id)

    def test_a_job_that_never_holds_still_is_given_up(self) -> None:
        def toggle(store: MemoryJobStore, job_id: str) -> None:
            now = store._jobs[job_id].status
            other = Status.PROCESSING if now is Status.QUEUED else Status.QUEUED
            # another generation too, as a retry by someone else would make
            store._jobs[job_id] = replace(store._jobs[job_id], status=other, gen=store._jobs[job_id].gen + 1)

        store = Crowded(toggle, times=0)
        service = JobService(store, MemoryJobQueue(), clock=Clock())
        job = service.submit(asked()).job
        store.times = 10
        with pytest.raises(JobConflict, match="too quickly"):
            Operations(service.dispatcher).cancel(job.id)

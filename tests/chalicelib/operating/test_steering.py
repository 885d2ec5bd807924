"""Test retry and cancel without HTTP, when another process is faster."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import (
    JobConflict,
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


def meanwhile(act: Callable[[MemoryJobStore, str], None], status: Status, times: int = 1) -> tuple[Operations, Job]:
    """Return a job with this status, which another process changes before each of the next changes."""
    store = Crowded(act, times=0)
    service = JobService(store, MemoryJobQueue(), clock=Clock())
    job = service.submit(asked()).job
    status_of(status)(store, job.id)
    store.times = times
    return Operations(service.dispatcher), job


def toggle(store: MemoryJobStore, job_id: str) -> None:
    """Give the job another status, and another generation, as a retry by another process does."""
    now = store._jobs[job_id]
    other = Status.PROCESSING if now.status is Status.QUEUED else Status.QUEUED
    store._jobs[job_id] = replace(now, status=other, gen=now.gen + 1)


def test_of_two_retries_at_once_one_is_a_conflict() -> None:
    operations, job = meanwhile(status_of(Status.QUEUED), Status.FAILED)
    with pytest.raises(JobConflict, match="queued now"):
        operations.retry(job.id)


def test_a_job_that_is_claimed_before_it_is_cancelled_is_asked_to_stop() -> None:
    operations, job = meanwhile(status_of(Status.PROCESSING), Status.QUEUED)
    after = operations.cancel(job.id)
    assert (after.status, after.cancel_requested) == (Status.PROCESSING, True)


@pytest.mark.parametrize(
    ("act", "times", "told"),
    [(status_of(Status.COMPLETED), 1, "completed"), (toggle, 10, "too quickly")],
    ids=["it ends", "it never holds still"],
)
def test_what_becomes_of_a_job_before_it_is_cancelled_may_be_a_conflict(
    act: Callable[[MemoryJobStore, str], None], times: int, told: str
) -> None:
    operations, job = meanwhile(act, Status.QUEUED, times)
    with pytest.raises(JobConflict, match=told):
        operations.cancel(job.id)


@pytest.mark.parametrize(("lease_until", "status"), [(T0 - 1, Status.CANCELLED), (T0 + 1, Status.PROCESSING)])
def test_a_running_job_of_a_removed_type_is_cancelled_when_its_worker_is_gone(
    lease_until: float, status: Status
) -> None:
    store = MemoryJobStore(Clock())
    job = Job("job-1", "removed.type", Status.PROCESSING, T0, T0, attempts=1, lease_until=lease_until)
    store.add(job)
    after = Operations(Dispatcher(store, MemoryJobQueue(), Clock())).cancel(job.id)
    assert after.status is status
    assert after.cancel_requested is (status is Status.PROCESSING)

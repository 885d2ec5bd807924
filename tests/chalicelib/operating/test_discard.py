"""Test that a failed job is discarded: it does not run, keeps its error, and shows who discarded it and why."""

from collections.abc import Iterator

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import JobConflict
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Message
from chalicelib.jobs.retention import KEEP_DEAD
from chalicelib.operating.operations import Operations
from chalicelib.producing.service import JobService
from chalicelib.watchdog.dead_letter_rule import Remove, sweep
from tests.chalicelib.api.support import NOTE, T0, Clock, only_types
from tests.support import a_job

WHY = "The customer has gone"


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    with only_types(NOTE):
        yield


@pytest.fixture
def service() -> JobService:
    clock = Clock()
    return JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock)


def ended(service: JobService, status: Status) -> Job:
    job = a_job(
        type="test.note", status=status, attempts=3, claims=3, error_class="ValueError", error_message="boom",
        fingerprint="0123456789ab", finished_at=T0 - 60, expires_at=T0 - 60 + KEEP_DEAD, sent=True,
    )  # fmt: skip
    service.store.add(job)
    return job


@pytest.mark.parametrize("status", [Status.FAILED, Status.DEAD_LETTER])
def test_it_is_settled_and_kept_with_its_error(service: JobService, status: Status) -> None:
    job = ended(service, status)
    after = Operations(service.dispatcher, "ada", WHY).discard(job.id)
    assert (after.status, after.discarded_at, after.discarded_by, after.discard_reason) == (
        Status.CANCELLED, T0, "ada", WHY,
    )  # fmt: skip
    kept = ("error_class", "error_message", "fingerprint", "finished_at", "expires_at", "attempts", "payload")
    assert [getattr(after, name) for name in kept] == [getattr(job, name) for name in kept]
    assert sweep(Message(job.id, 1, job.type), after, T0) == Remove("job is cancelled")
    assert Operations(service.dispatcher, "bob", "another reason").discard(job.id) == after, "the first one stays"
    again = Operations(service.dispatcher).retry(job.id)
    assert (again.status, again.discarded_at, again.discarded_by, again.discard_reason) == (
        Status.QUEUED, None, None, None,
    )  # fmt: skip
    assert not transitions.discard(job, now=T0, by="ada", reason="").allowed(again), "who saw the run before it"


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.FAILED, Status.DEAD_LETTER}))
def test_any_other_job_is_a_conflict(service: JobService, status: Status) -> None:
    job = ended(service, status)
    with pytest.raises(JobConflict, match=f"is {status}"):
        Operations(service.dispatcher, "ada").discard(job.id)

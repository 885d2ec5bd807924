"""Check that a job keeps its tenant, and that each of its messages contains it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Status
from chalicelib.jobs.tenants import tenant_of
from chalicelib.keys.rule import Debounce, Outcome
from chalicelib.operating.operations import Operations
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from tests.chalicelib.api.support import Note, only_types
from tests.support import Clock, a_job

PLAIN: JobType[Note, None] = JobType("test.plain", lambda _payload, _ctx: None, Note)
FAIR: JobType[Note, None] = replace(PLAIN, name="test.fair", fair_by="text")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> MemoryJobQueue:
    return MemoryJobQueue(clock)


@pytest.fixture
def service(clock: Clock, queue: MemoryJobQueue) -> Iterator[JobService]:
    with only_types(PLAIN, FAIR):
        yield JobService(MemoryJobStore(clock), queue, clock=clock)


def asked(tenant: str = "acme", kind: str = "test.fair", **fields: Any) -> Submission:
    return Submission(kind, {"to": ["ada"], "text": tenant}, **fields)


def groups(queue: MemoryJobQueue, kind: str = "test.fair") -> list[str | None]:
    return [held.group for held in queue.messages.get(kind, [])]


def test_a_job_is_sent_under_its_tenant(service: JobService, queue: MemoryJobQueue) -> None:
    job = service.submit(asked(tags=("vip",))).job
    service.submit(asked("two words"))
    assert job.tags == ("vip", "tenant=acme")
    first, second = groups(queue)
    assert (first, len(second or "")) == ("acme", 32)
    plain = service.submit(asked(kind="test.plain")).job
    assert (plain.tags, groups(queue, "test.plain")) == ((), [None]), "without the option nothing is kept and sent"


def test_a_debounced_job_has_the_tenant_of_the_last_request(service: JobService, queue: MemoryJobQueue) -> None:
    for tenant in ("acme", "bolt"):
        job = service.submit(asked(tenant, debounce=Debounce("k", 30))).job
    assert tenant_of(service.store.get(job.id).tags) == "bolt"
    assert groups(queue) == ["acme", "bolt"]


@pytest.mark.parametrize("tenant", ["acme", "bolt"], ids=["as it was", "edited"])
def test_a_retry_is_sent_under_the_tenant_of_its_payload(
    service: JobService, queue: MemoryJobQueue, tenant: str
) -> None:
    made = service.submit(asked()).job
    service.store.add(a_job(id="job-9", type=made.type, status=Status.FAILED, payload=made.payload, tags=made.tags))
    edited = None if tenant == "acme" else {"to": ["ada"], "text": tenant}
    assert Operations(service.dispatcher).retry("job-9", edited).tags == (f"tenant={tenant}",)
    assert groups(queue) == ["acme", tenant]


def test_two_requests_with_one_key_are_one_job_whatever_the_type_declares(service: JobService) -> None:
    first = service.submit(asked(idempotency_key="k")).job
    with only_types(PLAIN, replace(FAIR, fair_by=None)):
        again = service.submit(asked(idempotency_key="k"))
    assert (again.job.id, again.outcome, again.job.tags) == (first.id, Outcome.REPEATED, ("tenant=acme",))

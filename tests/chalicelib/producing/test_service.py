"""Test the use cases without HTTP: the order of sending and storing, and races."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import (
    IdempotencyMismatch,
    InvalidRequest,
    JobNotFound,
    PriorityRefused,
)
from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.changes import Changes
from chalicelib.jobs.change import Change
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobQueue
from chalicelib.keys.rule import Outcome
from chalicelib.operating.constants import STILL_SENDING
from chalicelib.producing.service import JobService
from tests.chalicelib.api.support import NOTE, T0, Clock, only_types
from tests.chalicelib.operating.meanwhile import PAYLOAD, Deaf, asked


class Stricter(BaseModel):
    """A payload that requires more fields than before."""

    model_config = ConfigDict(extra="forbid")
    subject: str


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    with only_types(NOTE):
        yield


@pytest.fixture
def service() -> JobService:
    clock = Clock()
    return JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock)


class Stages(MemoryJobStore):
    """A store that records how many messages were sent when a job is added, and counts changes."""

    def __init__(self, queue: JobQueue) -> None:
        super().__init__(Clock())
        self.queue, self.changes = queue, 0
        self.visible_when_added: list[int] = []

    def add(self, job: Job) -> None:
        self.visible_when_added.append(self.queue.depth(job.type).visible)
        super().add(job)

    def apply(self, job_id: str, change: Change) -> Job:
        self.changes += 1
        return super().apply(job_id, change)


class Late(MemoryJobStore):
    """A store that does not show a job yet when its key is read, because another request is about to store it."""

    def get(self, job_id: str) -> Job:
        raise JobNotFound(job_id)


def test_a_job_is_sent_and_then_stored_in_one_write(service: JobService) -> None:
    store = Stages(service.queue)
    service = replace(service, store=store)
    made = service.submit(asked())
    job = made.job
    assert made.outcome is Outcome.CREATED
    assert job.sent
    assert service.store.get(job.id).sent
    assert (store.visible_when_added, store.changes) == ([1], 0)
    assert (job.payload, job.max_attempts, job.gen, job.attempts) == ({**PAYLOAD, "text": "hello"}, 3, 1, 0)


@pytest.mark.parametrize("gen", [1, 2, 3])
def test_what_a_repeated_key_marks_as_sent_has_a_message_of_its_run(service: JobService, gen: int) -> None:
    """The request found no job. Before it stored its own job, another job was made with the key, and was retried."""
    wanted = service.wanted(asked(idempotency_key="k", principal="p")).job
    service.store.add(replace(wanted, writer="other", gen=gen))
    service.store_sent(service.dispatcher.send_ahead(wanted))
    assert isinstance(service.queue, MemoryJobQueue)
    out = {held.message.gen for held in service.queue.messages[wanted.type]}
    assert service.store.get(wanted.id).sent is (gen in out)


def test_a_replay_sends_what_had_no_message_for_some_seconds() -> None:
    clock = Clock()
    store, queue = MemoryJobStore(clock), Deaf(clock)
    service = JobService(store, queue, clock=clock)
    job = service.submit(asked(idempotency_key="k")).job
    queue.deaf = False
    service.submit(asked(idempotency_key="k"))
    assert not store.get(job.id).sent, "the first request may still be sending it"
    clock.now += STILL_SENDING
    again = service.submit(asked(idempotency_key="k"))
    assert (again.outcome, again.job.id, store.get(job.id).sent) == (Outcome.REPEATED, job.id, True)
    assert queue.depth(job.type).visible == 1


def test_the_slower_of_two_requests_with_one_key_gets_the_job_of_the_other() -> None:
    clock = Clock()
    store, queue = Late(clock), Deaf(clock)
    service = JobService(store, queue, clock=clock)
    first = service.submit(asked(idempotency_key="k")).job
    assert not first.sent
    queue.deaf = False
    second = service.submit(asked(idempotency_key="k"))
    assert (second.job.id, second.outcome, second.job.sent) == (first.id, Outcome.REPEATED, True)
    assert queue.depth("test.note").visible == 1
    assert [job.sent for job in store.get_many([first.id])] == [True], "what it sent is a message for this job, too"


def test_a_key_with_another_body_is_refused_whatever_differs(service: JobService) -> None:
    service.submit(asked(idempotency_key="k"))
    others: tuple[dict[str, Any], ...] = (
        {"max_attempts": 1}, {"tags": ("x",)}, {"delay_seconds": 1}, {"payload": {"to": ["b"]}},
        {"run_at": T0 + 3600},
    )  # fmt: skip
    for other in others:
        with pytest.raises(IdempotencyMismatch):
            service.submit(asked(idempotency_key="k", **other))


@pytest.mark.parametrize("deploy", ["a stricter schema", "retired", "removed"])
def test_a_replay_is_recognised_before_a_later_deploy_can_refuse_it(service: JobService, deploy: str) -> None:
    first = service.submit(asked(idempotency_key="k")).job
    changed = {
        "a stricter schema": [replace(NOTE, payload_model=Stricter)],
        "retired": [replace(NOTE, changes=Changes(retired=True))],
        "removed": [],
    }[deploy]
    with only_types(*changed):
        again = service.submit(asked(idempotency_key="k"))
        assert (again.job.id, again.outcome) == (first.id, Outcome.REPEATED)
        for other in (asked(idempotency_key="k", tags=("x",)), asked(idempotency_key="new"), asked()):
            with pytest.raises(InvalidRequest):
                service.submit(other)


def test_a_replay_with_a_priority_is_recognised_after_a_deploy_has_removed_the_limits(service: JobService) -> None:
    with only_types(replace(NOTE, limits=(AtMost(1),))):
        first = service.submit(asked(idempotency_key="k", priority="high")).job
    again = service.submit(asked(idempotency_key="k", priority="high"))
    assert (again.job.id, again.outcome) == (first.id, Outcome.REPEATED)
    for other in (asked(idempotency_key="k", priority="low"), asked(idempotency_key="new", priority="high")):
        with pytest.raises(PriorityRefused):
            service.submit(other)

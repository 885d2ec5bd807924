"""The use cases where HTTP does not reach: what is sent when, and what happens when someone is faster."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import (
    IdempotencyMismatch,
    InvalidRequest,
    JobTypeRetired,
    MoveRefused,
    UnknownJobType,
)
from chalicelib.job_types.changes import Changes
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.limits import MAX_DELAY
from chalicelib.jobs.port import Message, Search
from chalicelib.keys.rule import Outcome
from chalicelib.operating.dispatch import STILL_SENDING
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import NAMESPACE
from tests.chalicelib.api.support import NOTE, T0, Clock, only_types
from tests.chalicelib.operating.meanwhile import PAYLOAD, Crowded, Deaf, Late, Stages, asked, status_of

BY = Claimant("r1")


class Stricter(BaseModel):
    """A payload that asks for more than before."""

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


def claimed(service: JobService, message: Message) -> bool:
    """Claim as the worker that receives the message; return whether the job may run."""
    now = service.now()
    claim = transitions.claim(message.gen, now=now, lease_until=now + 60, by=BY, job_type=message.type)
    try:
        service.store.apply(message.id, claim)
    except MoveRefused:
        return False
    return True


class TestSubmit:
    def test_a_job_is_sent_and_then_stored_in_one_write(self, service: JobService) -> None:
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
    def test_what_a_repeated_key_marks_as_sent_has_a_message_of_its_run(self, service: JobService, gen: int) -> None:
        """The request had found no job; until it stored its own, another one was made with the key, and retried."""
        wanted = service.wanted(asked(idempotency_key="k", principal="p")).job
        service.store.add(replace(wanted, writer="other", gen=gen))
        service.store_sent(service.dispatcher.send_ahead(wanted))
        assert isinstance(service.queue, MemoryJobQueue)
        out = {held.message.gen for held in service.queue.messages[wanted.type]}
        assert service.store.get(wanted.id).sent is (gen in out)

    def test_an_id_from_a_key_depends_on_the_principal(self, service: JobService) -> None:
        job = service.submit(asked(idempotency_key="k", principal="p")).job
        assert job.id == str(uuid.uuid5(NAMESPACE, "p|k"))

    def test_a_failed_send_leaves_a_job_for_the_watchdog(self) -> None:
        clock = Clock()
        store, queue = MemoryJobStore(clock), Deaf(clock)
        service = JobService(store, queue, clock=clock)
        made = service.submit(asked())
        job = made.job
        assert (made.outcome, job.sent, store.get(job.id).sent) == (Outcome.CREATED, False, False)
        clock.now += 61
        assert [found.id for found in store.overdue(Search(job.type), clock.now, 10)] == [job.id]

    def test_a_replay_sends_what_had_no_message_for_some_seconds(self) -> None:
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

    def test_a_stored_job_whose_message_does_not_get_out_is_left_to_the_watchdog(self) -> None:
        clock = Clock()
        service = JobService(MemoryJobStore(clock), Deaf(clock), clock=clock)
        job = service.keep(asked()).job
        assert (service.dispatcher.send(job), service.store.get(job.id)) == (job, job)
        assert not job.sent

    def test_a_replay_sends_nothing(self, service: JobService) -> None:
        service.submit(asked(idempotency_key="k"))
        service.submit(asked(idempotency_key="k"))
        assert service.queue.depth("test.note").visible == 1

    def test_the_slower_of_two_requests_with_one_key_gets_the_job_of_the_other(self) -> None:
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

    def test_a_store_that_fails_after_the_message_is_out_fails_the_request(self) -> None:
        class Full(MemoryJobStore):
            def add(self, job: Job) -> None:
                raise ConnectionError(job.id)

        service = JobService(Full(Clock()), MemoryJobQueue(Clock()), clock=Clock())
        with pytest.raises(ConnectionError):
            service.submit(asked())
        assert service.queue.depth("test.note").visible == 1

    def test_a_worker_that_is_faster_than_the_mark_does_no_harm(self) -> None:
        def claimed(store: MemoryJobStore, job_id: str) -> None:
            MemoryJobStore.apply(store, job_id, transitions.claim(1, now=T0, lease_until=T0 + 30, by=BY))

        store = Crowded(claimed)
        service = JobService(store, MemoryJobQueue(), clock=Clock())
        job = service.keep(asked()).job
        assert (service.dispatcher.send(job).sent, store.get(job.id).status) == (True, Status.PROCESSING)

    @pytest.mark.parametrize(
        ("delay", "status", "visible", "delayed", "due"),
        [
            (None, Status.QUEUED, 1, 0, 60), (0, Status.QUEUED, 1, 0, 60), (1, Status.SCHEDULED, 0, 1, 60),
            (900, Status.SCHEDULED, 0, 1, 60), (901, Status.SCHEDULED, 0, 0, 61),
        ],
    )  # fmt: skip
    def test_a_delay(
        self, service: JobService, delay: int | None, status: Status, visible: int, delayed: int, due: float
    ) -> None:
        job = service.submit(asked(delay_seconds=delay)).job
        depth = service.queue.depth("test.note")
        assert (job.status, depth.visible, depth.delayed, job.due_at) == (status, visible, delayed, T0 + due)
        assert job.next_attempt_at == (T0 + delay if delay else None)

    @pytest.mark.parametrize("past", [T0, T0 - 1, 0.0])
    def test_a_time_that_has_passed_is_now(self, service: JobService, past: float) -> None:
        job = service.submit(asked(run_at=past)).job
        assert (job.status, job.run_at, job.next_attempt_at) == (Status.QUEUED, None, None)

    def test_a_year_is_the_furthest(self, service: JobService) -> None:
        service.submit(asked(run_at=T0 + MAX_DELAY))
        with pytest.raises(InvalidRequest):
            service.submit(asked(run_at=T0 + MAX_DELAY + 1))

    def test_an_unknown_type_stores_nothing(self, service: JobService) -> None:
        with pytest.raises(UnknownJobType):
            service.submit(asked(type="no.such"))

    def test_a_replay_long_after_finds_the_finished_job(self, service: JobService) -> None:
        first = service.submit(asked(idempotency_key="k")).job
        status_of(Status.COMPLETED)(service.store, first.id)  # type: ignore[arg-type]
        again = service.submit(asked(idempotency_key="k"))
        assert (again.outcome, again.job.status) == (Outcome.REPEATED, Status.COMPLETED)

    def test_a_key_with_another_body_is_refused_whatever_differs(self, service: JobService) -> None:
        service.submit(asked(idempotency_key="k"))
        others: tuple[dict[str, Any], ...] = (
            {"max_attempts": 1}, {"tags": ("x",)}, {"delay_seconds": 1}, {"payload": {"to": ["b"]}},
            {"run_at": T0 + 3600},
        )  # fmt: skip
        for other in others:
            with pytest.raises(IdempotencyMismatch):
                service.submit(asked(idempotency_key="k", **other))

    @pytest.mark.parametrize("deploy", ["a stricter schema", "retired", "removed"])
    def test_a_replay_is_recognised_before_a_later_deploy_can_refuse_it(self, service: JobService, deploy: str) -> None:
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

    def test_a_retired_type_takes_no_new_jobs_and_says_so(self, service: JobService) -> None:
        with (
            only_types(replace(NOTE, changes=Changes(retired=True))),
            pytest.raises(JobTypeRetired, match="retired") as refused,
        ):
            service.submit(asked())
        assert [(error.loc, error.msg) for error in refused.value.errors] == [
            (("type",), "takes no new jobs; use another type")
        ]

    def test_one_key_at_once_is_one_job(self, service: JobService) -> None:
        with ThreadPoolExecutor(50) as pool:
            results = list(pool.map(lambda _: service.submit(asked(idempotency_key="k")), range(50)))
        assert [made.outcome for made in results].count(Outcome.CREATED) == 1
        assert len({made.job.id for made in results}) == 1
        # those that came before the job was stored have sent a message each; the claim lets one of them run it
        assert isinstance(service.queue, MemoryJobQueue)
        sent = [held.message for held in service.queue.messages["test.note"]]
        assert {(message.id, message.gen) for message in sent} == {(results[0].job.id, 1)}
        assert sum(claimed(service, message) for message in sent) == 1

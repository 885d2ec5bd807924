"""Test "run now": a waiting job is due at once, whatever it waited for, and a repeated call has no further effect."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import JobConflict
from chalicelib.job_types.rate import Rate
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.limits.turns import wait_for_turn
from chalicelib.operating.operations import Operations
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from tests.chalicelib.api.support import NOTE, T0, Clock, only_types
from tests.chalicelib.operating.meanwhile import Crowded, Deaf, status_of

ERROR = ("ValueError", "boom")


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    with only_types(NOTE):
        yield


@pytest.fixture
def service() -> JobService:
    clock = Clock()
    return JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock)


def submitted(service: JobService, **more: Any) -> Job:
    return service.submit(replace(Submission("test.note", {"to": ["a"]}), **more)).job


def retrying(service: JobService, wait: float, *, parked: bool = False) -> Job:
    job = submitted(service)
    store = service.store
    held = store.apply(job.id, transitions.claim(1, now=T0, lease_until=T0 + 65, by=Claimant("r"), job_type=job.type))
    change = transitions.postpone(held, now=T0, not_before=T0 + wait, error=ERROR, parked=parked)
    return store.apply(job.id, change)


@pytest.mark.parametrize("delay", [60, 100_000])
def test_a_scheduled_job_is_due_now_and_has_a_message_that_is_visible_now(service: JobService, delay: int) -> None:
    job = submitted(service, delay_seconds=delay)
    before = service.queue.depth("test.note").visible
    due = Operations(service.dispatcher).run_now(job.id)
    assert (due.status, due.run_at, due.next_attempt_at, due.sent) == (Status.QUEUED, T0, None, True)
    assert service.queue.depth("test.note").visible == before + 1
    claim = transitions.claim(1, now=T0, lease_until=T0 + 65, by=Claimant("r"))
    assert Operations(service.dispatcher).run_now(job.id) == service.store.get(job.id), "the second call does nothing"
    assert service.queue.depth("test.note").visible == before + 1
    assert service.store.apply(job.id, claim).attempts == 1


@pytest.mark.parametrize("parked", [False, True])
def test_a_retrying_job_keeps_the_attempts_it_has_used(service: JobService, parked: bool) -> None:
    job = retrying(service, 7000, parked=parked)
    due = Operations(service.dispatcher).run_now(job.id)
    assert (due.status, due.attempts, due.claims, due.gen, due.error_class) == (Status.QUEUED, 1, 1, 1, "ValueError")
    assert due.next_attempt_at is None


def test_a_job_whose_message_did_not_get_out_is_sent_by_the_next_call() -> None:
    clock = Clock()
    queue = Deaf(clock)
    service = JobService(MemoryJobStore(clock), queue, clock=clock)
    queue.deaf = False
    job = submitted(service, delay_seconds=60)
    queue.deaf = True
    assert not Operations(service.dispatcher).run_now(job.id).sent
    queue.deaf = False
    clock.advance(6)
    assert Operations(service.dispatcher).run_now(job.id).sent


@pytest.mark.parametrize("rate", [None, Rate(1, per=60)])
def test_a_turn_holds_only_while_its_type_has_a_rate(service: JobService, rate: Rate | None) -> None:
    job = submitted(service)
    service.store.apply(job.id, wait_for_turn(job, now=T0, turn=T0 + 100_000, parked=True))
    with only_types(replace(NOTE, rate=rate)):
        if rate is None:
            due = Operations(service.dispatcher).run_now(job.id)
            assert (due.status, due.next_attempt_at, due.sent) == (Status.QUEUED, None, True)
        else:
            with pytest.raises(JobConflict, match="waits for its turn"):
                Operations(service.dispatcher).run_now(job.id)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.QUEUED, Status.SCHEDULED, Status.RETRYING}))
def test_a_job_that_does_not_wait_is_a_conflict(service: JobService, status: Status) -> None:
    job = submitted(service)
    status_of(status)(service.store, job.id)  # type: ignore[arg-type]
    with pytest.raises(JobConflict, match=f"is {status}; only a scheduled or retrying job"):
        Operations(service.dispatcher).run_now(job.id)


def test_a_job_that_a_worker_takes_meanwhile_is_left_to_it() -> None:
    store = Crowded(status_of(Status.PROCESSING), times=0)
    service = JobService(store, MemoryJobQueue(), clock=Clock())
    job = submitted(service, delay_seconds=60)
    store.times = 1
    with pytest.raises(JobConflict, match="is processing"):
        Operations(service.dispatcher).run_now(job.id)
    assert store.get(job.id).status is Status.PROCESSING


def test_what_was_seen_waiting_one_way_is_not_run_now_when_it_waits_another_way(service: JobService) -> None:
    seen = retrying(service, 60)
    claim = transitions.claim(1, now=T0 + 60, lease_until=T0 + 125, by=Claimant("r"), job_type=seen.type)
    held = service.store.apply(seen.id, claim)
    parked = transitions.postpone(held, now=T0 + 61, not_before=T0 + 7000, error=ERROR, parked=True)
    waits = service.store.apply(seen.id, parked)
    assert not transitions.run_now(seen, now=T0 + 62).allowed(waits), "it would stay where the watchdog looks too late"
    assert transitions.run_now(waits, now=T0 + 62).allowed(waits)


def test_a_retry_by_hand_and_a_new_job_have_their_time(service: JobService) -> None:
    with only_types(replace(NOTE, give_up_after=3600)):
        now, later = submitted(service), submitted(service, delay_seconds=600)
        assert (now.give_up_at, later.give_up_at) == (T0 + 3600, T0 + 4200)
        status_of(Status.FAILED)(service.store, now.id)  # type: ignore[arg-type]
        service.clock.now += 5000  # type: ignore[attr-defined]
        assert Operations(service.dispatcher).retry(now.id).give_up_at == T0 + 8600

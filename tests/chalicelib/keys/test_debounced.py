"""Test debounced jobs: the last request decides."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import MoveRefused
from chalicelib.jobs import transitions
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.retention import KEEP_KEYS
from chalicelib.keys.rule import Debounce, Outcome, replace_waiting
from chalicelib.limits.turns import wait_for_turn
from chalicelib.producing.service import JobService
from infra.cloud.restore.rules import revived
from tests.chalicelib.api.support import only_types
from tests.chalicelib.keys.conftest import PLAIN, claim, clock_of, debounced, die, ended, jobs, two_types
from tests.support import T0


@pytest.mark.parametrize("meanwhile", ["claimed", "cancelled", "run now", "waits for its next turn"])
def test_one_that_does_not_wait_any_more_is_left_alone(service: JobService, meanwhile: str) -> None:
    first, _ = debounced(service, "one")
    clock_of(service).advance(30)
    if meanwhile == "claimed":
        claim(service, first)
    elif meanwhile == "waits for its next turn":
        tried_once(service, first)
    elif meanwhile == "cancelled":
        ended(service, first, Status.CANCELLED)
    else:
        service.store.apply(first.id, transitions.run_now(service.store.get(first.id), now=service.now()))
    before = service.store.get(first.id)
    second, new = debounced(service, "two")
    assert (new, second.gen, second.id != first.id) == (Outcome.CREATED, 1, True)
    assert service.store.get(first.id) == before


def test_an_attempt_that_began_and_ended_meanwhile_is_not_replaced(service: JobService) -> None:
    first, _ = debounced(service, "one")
    seen = service.store.get(first.id)
    clock_of(service).advance(30)
    tried_once(service, first)
    with pytest.raises(MoveRefused):
        service.store.apply(first.id, replace_waiting(seen, seen))


@pytest.mark.parametrize("later", [False, True])
def test_one_that_was_restored_after_an_attempt_is_not_replaced(service: JobService, later: bool) -> None:
    first, _ = debounced(service, "one")
    clock_of(service).advance(30)
    tried_once(service, first)
    store = service.store
    assert isinstance(store, MemoryJobStore)
    before = store._jobs[first.id] = revived(store.get(first.id), at=service.now(), now=service.now(), run=True)
    if later:  # it got its attempt back
        before = store._jobs[first.id] = replace(before, attempts=0)
    assert (before.status, before.claims, before.attempts) == (Status.SCHEDULED, 0, 0 if later else 1)
    second, new = debounced(service, "two")
    assert (new, second.id != first.id) == (Outcome.CREATED, True)
    assert store.get(first.id) == before


def test_one_that_waits_for_its_first_turn_is_replaced(service: JobService) -> None:
    first, _ = debounced(service, "one")
    clock_of(service).advance(30)
    seen, now = service.store.get(first.id), service.now()
    service.store.apply(first.id, wait_for_turn(seen, now=now, turn=now + 3_000, parked=True))
    second, new = debounced(service, "two")
    assert (second.id, new, second.gen, second.turn_at) == (first.id, Outcome.REPLACED, 2, None)


def tried_once(service: JobService, job: Job) -> None:
    """Let an attempt fail, so that the job waits for its next turn: it is scheduled again, after an attempt."""
    held, now = claim(service, job), service.now()
    waits = transitions.postpone(held, now=now, not_before=now + 1, error=("E", "no"), parked=True)
    waiting = service.store.apply(job.id, waits)
    after = service.store.apply(job.id, wait_for_turn(waiting, now=now + 1, turn=now + 3_000, parked=True))
    assert (after.status, after.claims) == (Status.SCHEDULED, 1)


def test_keys_and_tokens_are_apart(service: JobService) -> None:
    apart: list[dict[str, str]] = [{}, {"key": "other"}, {"principal": "p"}]
    assert len({debounced(service, "one", **one)[0].id for one in apart}) == 3  # type: ignore[arg-type]


def test_a_replaced_job_whose_message_did_not_get_out_is_sent_by_a_repeated_request(
    service: JobService, monkeypatch: pytest.MonkeyPatch
) -> None:
    debounced(service, "one")
    queue = service.queue
    assert isinstance(queue, MemoryJobQueue)
    with monkeypatch.context() as dying:
        dying.setattr(queue, "send", die)
        with pytest.raises(KeyboardInterrupt):
            debounced(service, "two", idempotency_key="i", principal="")
    clock_of(service).advance(6)
    job, _ = debounced(service, "two", idempotency_key="i", principal="")
    assert job.sent
    assert [m.message.gen for m in queue.messages["test.plain"]] == [1, 2]


def test_the_id_of_a_job_that_has_expired_is_not_used_again(service: JobService) -> None:
    first, _ = debounced(service, "one")
    clock_of(service).advance(31)
    store = service.store
    assert isinstance(store, MemoryJobStore)
    store._jobs[first.id] = replace(first, status=Status.COMPLETED, expires_at=service.now() + 30 * DAY)
    clock_of(service).advance(40 * DAY)
    second, made = debounced(service, "two")
    assert made is Outcome.CREATED
    assert second.id != first.id


def test_a_job_that_is_replaced_is_in_all_that_of_the_last_request() -> None:
    """It differs from a new job only in its id, the time of its first request, and the generation."""
    asked: dict[str, Any] = {"tags": ("y",), "max_attempts": 7, "correlation_id": "c2", "principal": "p"}
    found: list[Job] = []
    for earlier in (0, 5):
        with two_types() as service, only_types(replace(PLAIN, give_up_after=120.0)):
            for number in range(earlier):
                clock_of(service).now = T0 + 50 * number
                debounced(service, f"{number}", 60, principal="p", idempotency_key=f"k{number}")
            clock_of(service).now = T0 + 250
            job, outcome = debounced(service, "last", 60, idempotency_key="last", **asked)
            assert outcome is (Outcome.REPLACED if earlier else Outcome.CREATED)
            assert len(jobs(service)) == 1
            found.append(service.store.get(job.id))
    fresh, replaced = found
    assert (replaced.gen, replaced.created_at, replaced.payload["text"]) == (5 + 1, T0, "last")
    assert (replaced.status, replaced.run_at, replaced.give_up_at) == (Status.SCHEDULED, T0 + 310, T0 + 310 + 120)
    assert replaced.line == 5 + 1, "no event of an earlier request counts"
    named: dict[str, Any] = {"id": fresh.id, "gen": fresh.gen, "line": fresh.line, "writer": fresh.writer}
    same = replace(replaced, created_at=fresh.created_at, **named)
    assert same == fresh


def test_one_that_is_replaced_waits_anew_for_its_worker(service: JobService) -> None:
    first, _ = debounced(service, "one")
    store = service.store
    assert isinstance(store, MemoryJobStore)
    store._jobs[first.id] = replace(store.get(first.id), stalled_since=T0 - 0.9 * DAY, resends=20)
    debounced(service, "two")
    found = store.get(first.id)
    assert (found.stalled_since, found.resends) == (None, 0), "or it would be given up long before a day of trying"


def test_the_row_of_a_key_that_is_asked_for_for_weeks_lasts_as_long_as_its_job_waits(service: JobService) -> None:
    for number in range(30):
        debounced(service, f"{number}", seconds=int(DAY))
        clock_of(service).advance(0.9 * DAY)
    (job,) = jobs(service)
    row = service.store.key_lock(Debounce("k", 1).row(job.principal, job.type))
    assert row is not None
    assert row.until > (job.run_at or 0) - KEEP_KEYS

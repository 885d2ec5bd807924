"""Test unique jobs: requests with the same values get one job."""

from typing import Any

import pytest

from chalicelib.errors import ConfigurationError, IdempotencyMismatch, NotStored
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import KeyLock
from chalicelib.keys.rule import Outcome, unique_row
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import keyed_id
from tests.chalicelib.api.support import Note
from tests.chalicelib.keys.conftest import UNIQUE, clock_of, die, dying, ended, jobs, told, unique
from tests.support import T0


def test_the_same_values_are_answered_with_the_job_there_is(service: JobService) -> None:
    first, made = unique(service)
    again, new = unique(service, text="another text")
    assert (made, new, again.id) == (Outcome.CREATED, Outcome.EXISTING, first.id)
    assert again.payload == {"to": ["ada"], "text": "hello"}
    assert told(unique(service, text="other", idempotency_key="l", principal="q")) == (first.id, Outcome.EXISTING)
    assert unique(service, "bob")[1] is Outcome.CREATED
    unique(service, idempotency_key="f", principal="schedule:s", fires_at=T0)
    assert len(jobs(service)) == 3, "the firing of a schedule is a job of its own"
    ended(service, service.store.get(first.id), Status.COMPLETED)
    assert told(unique(service)) == (first.id, Outcome.EXISTING)


def test_the_time_is_counted_from_when_it_is_due(service: JobService) -> None:
    first, _ = unique(service, delay_seconds=600)
    clock_of(service).advance(600 + 3599)
    assert unique(service)[0].id == first.id
    clock_of(service).advance(2)
    assert unique(service)[0].id != first.id


@pytest.mark.parametrize("status", [Status.FAILED, Status.DEAD_LETTER, Status.CANCELLED])
def test_one_that_ended_badly_does_not_stand_in_the_way(service: JobService, status: Status) -> None:
    first, _ = unique(service)
    ended(service, first, status)
    second, new = unique(service)
    assert (new, second.id != first.id) == (Outcome.CREATED, True)
    assert unique(service)[0].id == second.id


def test_a_key_is_a_key_as_ever(service: JobService) -> None:
    first, _ = unique(service, idempotency_key="k", principal="p")
    assert first.id == keyed_id("p", "k")
    assert told(unique(service, idempotency_key="k", principal="p")) == (first.id, Outcome.REPEATED)
    clock_of(service).advance(4000)
    # its time is over, and the key's row still names this job
    assert told(unique(service, idempotency_key="k", principal="p")) == (first.id, Outcome.REPEATED)
    with pytest.raises(IdempotencyMismatch):
        unique(service, text="other", idempotency_key="k", principal="p")
    assert unique(service)[1] is Outcome.CREATED


def test_what_dies_after_it_has_named_its_job_blocks_nobody(service: JobService) -> None:
    dying(service, "add", lambda: unique(service, idempotency_key="a", principal="p"))
    assert jobs(service) == []
    second, new = unique(service, text="second", idempotency_key="b", principal="p")
    assert (new, second.id) == (Outcome.CREATED, keyed_id("p", "a"))
    # the request that died is repeated: its own key has made no job, and there is one job for these values
    assert told(unique(service, idempotency_key="a", principal="p")) == (second.id, Outcome.EXISTING)
    assert told(unique(service, text="second", idempotency_key="b", principal="p")) == (second.id, Outcome.REPEATED)
    assert len(jobs(service)) == 1


def test_what_dies_before_it_sends_is_sent_by_the_next_request(
    service: JobService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(service.queue, "send", die)
        with pytest.raises(KeyboardInterrupt):
            unique(service)
    clock_of(service).advance(6)
    job, _ = unique(service)
    assert (job.sent, service.queue.depth("test.unique").visible) == (True, 1)


def test_a_key_that_never_comes_to_rest_is_told(service: JobService) -> None:
    service.store.acquire = lambda *_: False  # type: ignore[method-assign]
    with pytest.raises(NotStored):
        unique(service)
    assert jobs(service) == []


def test_a_holder_that_was_never_stored_is_only_honoured_for_its_time(service: JobService) -> None:
    assert UNIQUE.unique is not None
    key = unique_row(UNIQUE.unique, "test.unique", {"to": ["ada"], "text": "hello"})
    service.store.acquire(key, None, KeyLock("0" * 8, T0 - 1))
    job, new = unique(service)
    assert (new, job.id != "0" * 8) == (Outcome.CREATED, True)


def nothing(_: Note, __: JobContext) -> None:
    """Do nothing."""


def test_the_named_fields_decide_and_without_names_all_do() -> None:
    one, all_of_it = Unique(by="to", seconds=60), Unique(seconds=60)
    assert one == Unique(by=["to"], seconds=60)
    first, second = {"to": ["a"], "text": "x"}, {"text": "y", "to": ["a"]}
    assert unique_row(one, "a.b", first) == unique_row(one, "a.b", second)
    assert unique_row(all_of_it, "a.b", first) != unique_row(all_of_it, "a.b", second)
    assert unique_row(all_of_it, "a.b", first) == unique_row(all_of_it, "a.b", {"text": "x", "to": ["a"]})
    assert unique_row(one, "a.b", first) != unique_row(one, "a.c", first)
    assert unique_row(one, "a.b", first) != unique_row(one, "a.b", {"to": ["b"]})
    # a text is different from the number that looks the same
    assert unique_row(one, "a.b", {"to": "1"}) != unique_row(one, "a.b", {"to": 1})


@pytest.mark.parametrize("seconds", [0, 3e6, "60"])
def test_a_time_that_cannot_be_is_refused(seconds: Any) -> None:
    with pytest.raises(ConfigurationError, match="unique: seconds must be between 1 and 2592000 seconds"):
        Unique(seconds=seconds)


def test_a_field_that_the_payload_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="does not have: order"):
        job("test.note", unique=Unique(by=("to", "order"), seconds=60))(nothing)

"""One job for several requests, which are sent again after others: each key is answered with its job."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.errors import IdempotencyMismatch
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Status
from chalicelib.keys.rule import Debounce, Outcome
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission, keyed_id
from tests.chalicelib.api.support import only_types
from tests.chalicelib.keys.support import (
    PLAIN,
    UNIQUE,
    claim,
    clock_of,
    debounced,
    dying,
    ended,
    jobs,
    keyed,
    told,
    unique,
)


def become(service: JobService, job_id: str, what: str) -> None:
    job = service.store.get(job_id)
    if what == "claimed":
        claim(service, job)
    elif what == "run now":
        service.store.apply(job_id, transitions.run_now(job, now=service.now()))
    elif what != "still waits":
        ended(service, job, Status(what))


@pytest.mark.parametrize("meanwhile", ["still waits", "claimed", "completed", "cancelled", "run now"])
@pytest.mark.parametrize("second", ["k2", None])
def test_a_request_that_is_sent_again_after_another_one_is_answered_with_its_job(
    service: JobService, meanwhile: str, second: str | None
) -> None:
    made, _ = debounced(service, "one", **keyed("k1"))
    clock_of(service).advance(20)
    debounced(service, "two", idempotency_key=second, principal="p")
    clock_of(service).advance(30)
    become(service, made.id, meanwhile)
    before = service.store.get(made.id)
    assert told(debounced(service, "one", **keyed("k1"))) == (made.id, Outcome.REPEATED)
    if second is not None:
        assert told(debounced(service, "two", **keyed(second))) == (made.id, Outcome.REPEATED)
        with pytest.raises(IdempotencyMismatch):
            debounced(service, "three", **keyed(second))
    assert jobs(service) == [before]


def test_a_key_that_replaced_finds_its_job_behind_later_ones(service: JobService) -> None:
    first, _ = debounced(service, "one", **keyed("k1"))
    debounced(service, "two", **keyed("k2"))
    debounced(service, "three", **keyed("k3"))
    assert told(debounced(service, "two", **keyed("k2"))) == (first.id, Outcome.REPEATED)
    ended(service, first, Status.COMPLETED)
    clock_of(service).advance(1)
    later, _ = debounced(service, "four", **keyed("k4"))
    for key, text in (("k1", "one"), ("k2", "two"), ("k3", "three")):
        assert told(debounced(service, text, **keyed(key))) == (first.id, Outcome.REPEATED)
    assert [(job.id, job.payload["text"]) for job in jobs(service)] == [(later.id, "four"), (first.id, "three")]


def test_a_request_that_died_after_it_replaced_is_remembered_when_it_is_sent_again(service: JobService) -> None:
    first, _ = debounced(service, "one", principal="p")
    dying(service, "acquire", lambda: debounced(service, "two", **keyed("k2")))
    assert told(debounced(service, "two", **keyed("k2"))) == (first.id, Outcome.REPEATED)
    debounced(service, "three", principal="p")
    ended(service, first, Status.COMPLETED)
    assert told(debounced(service, "two", **keyed("k2"))) == (first.id, Outcome.REPEATED)


def test_a_request_whose_name_another_one_took_is_answered_with_that_job(service: JobService) -> None:
    """It came first: what it asked for was replaced before it was stored."""
    dying(service, "add", lambda: debounced(service, "one", **keyed("k1")))
    made, _ = debounced(service, "two", **keyed("k2"))
    ended(service, made, Status.FAILED)
    assert told(debounced(service, "one", **keyed("k1"))) == (made.id, Outcome.REPEATED)
    assert told(debounced(service, "two", **keyed("k2"))) == (made.id, Outcome.REPEATED)


def test_two_at_once_under_one_key_are_one_request_also_when_another_one_comes_between(service: JobService) -> None:
    store = service.store
    assert isinstance(store, MemoryJobStore)
    acquire = store.acquire

    def slow(*row: Any) -> bool:
        store.acquire = acquire  # type: ignore[method-assign]
        made, _ = debounced(service, "one", **keyed("k1"))
        replaced, _ = debounced(service, "two", **keyed("k2"))
        clock_of(service).advance(31)
        claim(service, replaced)
        return made.id == replaced.id and acquire(*row)

    store.acquire = slow  # type: ignore[method-assign, assignment]
    job, new = debounced(service, "one", **keyed("k1"))
    assert (job.id, new, len(jobs(service))) == (keyed_id("p", "k1"), Outcome.REPEATED, 1)


def test_another_type_under_a_key_that_was_used_is_refused(service: JobService) -> None:
    debounced(service, "one", **keyed("k1"))
    debounced(service, "two", **keyed("k2"))
    with only_types(PLAIN, UNIQUE, replace(PLAIN, name="test.other")):
        for key in ("k1", "k2"):
            with pytest.raises(IdempotencyMismatch):
                service.submit(Submission("test.other", {"to": ["a"]}, debounce=Debounce("k", 5), **keyed(key)))
        with pytest.raises(IdempotencyMismatch):
            service.submit(Submission("test.unique", {"to": ["a"]}, **keyed("k1")))


@pytest.mark.parametrize("status", [Status.FAILED, Status.COMPLETED])
def test_a_unique_request_whose_name_another_one_took_makes_its_job_once(service: JobService, status: Status) -> None:
    """The other one's job does not stand in the way any more: it ended badly, or its time is over."""
    dying(service, "add", lambda: unique(service, **keyed("a")))
    other, _ = unique(service, text="second", **keyed("b"))
    ended(service, other, status)
    clock_of(service).advance(4000)
    mine, new = unique(service, **keyed("a"))
    assert (new, mine.id != other.id, mine.payload["text"]) == (Outcome.CREATED, True, "hello")
    ended(service, mine, Status.FAILED)
    assert told(unique(service, **keyed("a"))) == (mine.id, Outcome.REPEATED)
    with pytest.raises(IdempotencyMismatch):
        unique(service, text="third", **keyed("a"))
    assert len(jobs(service)) == 2

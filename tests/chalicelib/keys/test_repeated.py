"""Test requests for one job that are repeated after other requests: each key gets its own job."""

import contextlib
from collections.abc import Callable
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
from tests.chalicelib.keys.conftest import (
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


@pytest.mark.parametrize("meanwhile", ["still waits", "claimed", "cancelled", "run now"])
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


def test_a_request_that_died_after_it_replaced_is_remembered_when_it_is_sent_again(service: JobService) -> None:
    first, _ = debounced(service, "one", principal="p")
    dying(service, "acquire", lambda: debounced(service, "two", **keyed("k2")))
    assert told(debounced(service, "two", **keyed("k2"))) == (first.id, Outcome.REPEATED)
    debounced(service, "three", principal="p")
    ended(service, first, Status.COMPLETED)
    assert told(debounced(service, "two", **keyed("k2"))) == (first.id, Outcome.REPEATED)


def test_a_request_whose_name_another_one_took_is_answered_with_that_job(service: JobService) -> None:
    """The first request is answered with the stored job, because its data was replaced before it was stored."""
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
    """The other job no longer prevents a new job: it failed, or its time is over."""
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


CALLS = range(1, 12)
"""Calls of the store at which a request dies, before or after the call; a request makes fewer calls."""


class Mortal:
    """A store whose caller dies at one of its calls, before or after it."""

    def __init__(self, store: MemoryJobStore, call: int, after: bool) -> None:
        self._store, self._left, self._after = store, call, after

    def __getattr__(self, name: str) -> Any:
        def call(*asked: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise KeyboardInterrupt
            answer = getattr(self._store, name)(*asked)
            if self._left == 0:
                raise KeyboardInterrupt
            return answer

        return call


def dying_at(service: JobService, call: int, after: bool, ask: Callable[[], object]) -> None:
    kept: Any = service.store
    mortal: Any = Mortal(kept, call, after)
    service.store = mortal
    with contextlib.suppress(KeyboardInterrupt):
        ask()
    service.store = kept


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("key", [None, "ka"])
def test_the_time_of_a_unique_job_is_its_own_whoever_named_it(
    service: JobService, call: int, after: bool, key: str | None
) -> None:
    mine = {} if key is None else keyed(key)
    dying_at(service, call, after, lambda: unique(service, **mine))
    clock_of(service).advance(3500)
    second, _ = unique(service, text="second")
    stored_at = service.store.get(second.id).created_at
    clock_of(service).now = stored_at + 3599
    assert told(unique(service, text="third")) == (second.id, Outcome.EXISTING)
    clock_of(service).advance(2)
    assert unique(service, text="fourth")[1] is Outcome.CREATED


@pytest.mark.parametrize("ended_as", [Status.CANCELLED, Status.DEAD_LETTER])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_a_key_has_one_job_whoever_named_it_and_whatever_became_of_that(
    service: JobService, call: int, after: bool, ended_as: Status
) -> None:
    dying_at(service, 3, False, lambda: unique(service))  # one request left an id without a job
    dying_at(service, call, after, lambda: unique(service, **keyed("kb")))  # another request died, and had a key
    mine, _ = unique(service, **keyed("kb"))
    for _ in range(2):
        ended(service, mine, ended_as)
        assert told(unique(service, **keyed("kb"))) == (mine.id, Outcome.REPEATED)
        other, made = unique(service, text="other")
        assert (made, other.id != mine.id) == (Outcome.CREATED, True)
        assert told(unique(service, **keyed("kb"))) == (mine.id, Outcome.REPEATED)
        ended(service, other, ended_as)
        clock_of(service).advance(4000)
        assert told(unique(service, **keyed("kb"))) == (mine.id, Outcome.REPEATED)
    assert [job.idempotency_key for job in jobs(service)].count("kb") == 1

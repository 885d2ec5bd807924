"""A request that dies at any of its calls spoils nothing for those that come after it: one window, one job a key."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.jobs.job import Status
from chalicelib.keys.rule import Outcome
from chalicelib.producing.service import JobService
from tests.chalicelib.keys.support import clock_of, ended, jobs, keyed, told, unique

CALLS = range(1, 12)
"""Calls of the store at which a request dies, before it or afterwards; a request makes fewer."""


class Mortal:
    """A store whose caller dies at one of its calls, before it or afterwards."""

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
    """Let a request die at one of its calls."""
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
    dying_at(service, 3, False, lambda: unique(service))  # one left a name, and no job
    dying_at(service, call, after, lambda: unique(service, **keyed("kb")))  # and one died with a key
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

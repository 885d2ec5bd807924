"""Check that an attempt takes its key's row before it begins, and keeps it until its end or its lease's end."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.errors import KeyUnavailable, LeaseLost
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message_fate import TO_DEAD_LETTERS, Drop, Hold
from chalicelib.jobs.port import KeyLock
from chalicelib.limits.serial import InOrder
from chalicelib.limits.serial_rule import KeyHeld, lock_of_attempt, row_of
from tests.support import Clock, a_job

NAME = "test.note"
LEASE = 65.0


class Keys:
    """Workers of one type, each with an attempt."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.store = clock, MemoryJobStore(clock)

    def attempt(self, job_id: str, **fields: Any) -> Job:
        """Return a job that a worker has claimed."""
        lease = {"lease_until": self.clock.now + LEASE, **fields}
        job = a_job(id=job_id, type=NAME, status=Status.PROCESSING, attempts=1, claims=1, **lease)
        self.store.add(job)
        return job

    def start(self, job: Job, key: str = "acme") -> None:
        order = InOrder(NAME, self.store, self.clock)
        assert order.next(delivery("m", key)) is None
        order.start(job)

    def put(self, job: Job, **fields: Any) -> Job:
        """Change a job without a write of its holder."""
        self.store._jobs[job.id] = replace(job, **fields)
        return self.store.get(job.id)


def delivery(message_id: str, key: str = "acme") -> Delivery:
    return Delivery(message_id, message_id, "{}", 1, group=key)


@pytest.fixture
def keys(clock: Clock) -> Keys:
    return Keys(clock)


def test_a_second_job_of_the_key_waits_and_the_holder_and_one_of_another_key_do_not(keys: Keys) -> None:
    first = keys.attempt("first")
    keys.start(first)
    keys.start(first)
    with pytest.raises(KeyHeld, match="Job first ") as held:
        keys.start(keys.attempt("second"))
    assert held.value.seconds == 15, "it asks again soon: the first one is mostly done long before its lease"
    keys.start(keys.attempt("other"), key="globex")


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.RETRYING, Status.DEAD_LETTER, Status.SCHEDULED])
def test_the_key_is_free_as_soon_as_the_attempt_has_ended(keys: Keys, status: Status) -> None:
    first = keys.attempt("first")
    keys.start(first)
    keys.put(first, status=status, lease_until=None)
    keys.start(keys.attempt("second"))


def test_the_key_is_free_when_the_lease_has_ended_or_the_job_is_gone(keys: Keys, clock: Clock) -> None:
    keys.start(keys.attempt("first"))
    clock.now += LEASE - 1
    with pytest.raises(KeyHeld) as held:
        keys.start(keys.attempt("second"))
    assert held.value.seconds == 1
    clock.now += 1
    third = keys.attempt("third")
    keys.start(third)
    del keys.store._jobs["third"]
    keys.start(keys.attempt("fourth"))


def test_a_later_attempt_of_the_same_job_is_not_taken_for_the_one_that_holds_the_key(keys: Keys) -> None:
    """The later attempt was claimed and has not taken the row yet.

    The first attempt to take it wins, and the other waits.
    """
    first = keys.attempt("first")
    keys.start(first)
    again = keys.put(first, claims=2, attempts=2)
    keys.start(keys.attempt("second"))
    with pytest.raises(KeyHeld, match="Job second"):
        keys.start(again)


def test_two_that_see_the_same_row_do_not_both_have_it(keys: Keys) -> None:
    first, second = keys.attempt("first"), keys.attempt("second")
    row, honest = row_of(NAME, "acme"), keys.store.key_lock

    def slow(key: str) -> KeyLock | None:
        seen = honest(key)
        keys.store.key_lock = honest  # type: ignore[method-assign]
        keys.start(second)
        return seen

    keys.store.key_lock = slow  # type: ignore[method-assign]
    with pytest.raises(KeyHeld, match="Job second"):
        keys.start(first)
    assert honest(row) == lock_of_attempt(second)


def test_who_wakes_up_after_the_lease_does_not_begin(keys: Keys, clock: Clock) -> None:
    late = keys.attempt("late", lease_until=clock.now - 1)
    with pytest.raises(LeaseLost):
        keys.start(late)


def test_when_the_row_cannot_be_read_no_job_begins(keys: Keys) -> None:
    def refuse(key: str) -> KeyLock | None:
        raise TimeoutError(key)

    keys.store.key_lock = refuse  # type: ignore[method-assign]
    with pytest.raises(KeyUnavailable, match="TimeoutError"):
        keys.start(keys.attempt("first"))


def test_what_follows_a_message_of_its_group_that_comes_again_comes_again(keys: Keys) -> None:
    order = InOrder(NAME, keys.store, keys.clock)
    for end, follows in ((Hold(8, "backing off"), True), (Hold(None, "not settled"), True),
                         (Hold(9, "held under a live lease", duplicate=True), True),
                         (Drop("completed"), False), (TO_DEAD_LETTERS, False)):  # fmt: skip
        order.begin([])
        assert order.next(delivery("1")) is None
        order.after(delivery("1"), end)
        behind = order.next(delivery("2"))
        assert (behind is not None) is follows, end.why
        assert order.next(delivery("3", "globex")) is None
        if behind is not None:
            assert behind.seconds == 0, "or it would hold up the first one of its group"

"""Test which suspended jobs count as overdue: those that nobody has woken two minutes after their time or event."""

from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.counters.constants import MOST_WAITERS_READ, OVERSLEPT_READ_AGAIN
from chalicelib.counters.health import Kind, Overslept, findings
from chalicelib.counters.overdue_suspended import OverdueSuspended
from chalicelib.counters.port import Pause, Standing
from chalicelib.errors import PayloadUnreadable, RowNotSigned
from chalicelib.jobs.constants import OVERSLEPT
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.step import Step
from tests.support import T0, Clock, a_job


class Watched(MemoryJobStore):
    asked = 0
    down = False
    broken: Exception | None = None
    events: list[str]

    def get_many(self, ids: Sequence[str]) -> Sequence[Job]:
        self.asked += 1
        if self.down:
            raise ConnectionError
        return super().get_many(ids)

    def kept_step(self, job: Job, key: str) -> Step | None:
        self.events.append(job.type)
        if self.broken is not None:
            raise self.broken
        return super().kept_step(job, key)


@pytest.fixture
def store(clock: Clock) -> Watched:
    made = Watched(clock)
    made.events = []
    return made


def asleep(store: MemoryJobStore, until: float, waits: str = "time", **more: Any) -> Job:
    fields = {"status": Status.SUSPENDED, "waits": waits, "next_attempt_at": until, "parked_until": until, "claims": 1}
    job = a_job(**{**fields, "updated_at": T0, **more})
    store.add(job)
    return job


def look(store: MemoryJobStore, clock: Clock) -> Any:
    return OverdueSuspended(store, clock).look(Standing(store.totals()))


def test_a_sleep_is_overdue_two_minutes_after_its_end_unless_its_message_was_sent(store: Watched, clock: Clock) -> None:
    asleep(store, T0 + 50)
    asleep(store, T0 + 90, waits="event:approved")
    asleep(store, T0 + 50, sent=True)
    asleep(store, T0 + 9_000)
    store.add(a_job(status=Status.RETRYING, next_attempt_at=T0 + 50, parked_until=T0 + 50))
    clock.now = T0 + 50 + OVERSLEPT
    assert look(store, clock) == {}
    clock.now = T0 + 91 + OVERSLEPT
    assert look(store, clock) == {"email.send": Overslept(2, T0 + 50)}


def test_a_wait_is_overdue_two_minutes_after_its_event(store: Watched, clock: Clock) -> None:
    waits, other = (asleep(store, T0 + 9_000, waits="event:approved") for _ in range(2))
    store.keep_step(waits, Step("event:approved", T0 - 5, by="ada"))
    store.keep_step(other, Step("event:refused", T0 - 5, by="ada"))
    clock.now = T0 + OVERSLEPT
    assert look(store, clock) == {}, "the event came before the job waited"
    clock.now += 1
    assert look(store, clock) == {"email.send": Overslept(1, T0)}


@pytest.mark.parametrize("error", [RowNotSigned(), PayloadUnreadable(""), KeyError("at"), TypeError(), ValueError()])
def test_an_event_that_cannot_be_read_hides_no_other_job(store: Watched, clock: Clock, error: Exception) -> None:
    asleep(store, T0 + 9_000, waits="event:approved")
    asleep(store, T0)
    store.broken, clock.now = error, T0 + OVERSLEPT + 1
    assert look(store, clock) == {"email.send": Overslept(1, T0)}


def test_it_reads_nothing_without_suspended_jobs_and_at_most_once_a_minute(store: Watched, clock: Clock) -> None:
    overdue = OverdueSuspended(store, clock)
    assert overdue.look(Standing({("a.b", Status.QUEUED): 3})) == {}
    assert store.asked == 0
    asleep(store, T0 - 900)
    found = overdue.look(Standing(store.totals()))
    clock.now += OVERSLEPT_READ_AGAIN - 1
    assert overdue.look(Standing(store.totals())) is found
    clock.now += 1
    overdue.look(Standing(store.totals()))
    assert store.asked == 2


@pytest.mark.parametrize("number", [20, 60])
def test_many_types_share_the_reads_of_one_look(store: Watched, clock: Clock, number: int) -> None:
    types = {f"a.type{place}" for place in range(number)}
    for name in sorted(types) * 3:
        asleep(store, T0 + 9_000, waits="event:approved", type=name)
    overdue, seen = OverdueSuspended(store, clock), set[str]()
    for _ in range(number):
        store.events.clear()
        overdue.look(Standing(store.totals()))
        assert 0 < len(store.events) <= MOST_WAITERS_READ
        seen |= set(store.events)
        clock.now += OVERSLEPT_READ_AGAIN
    assert seen == types


def test_a_store_that_fails_is_asked_again_after_a_minute(store: Watched, clock: Clock) -> None:
    overdue = OverdueSuspended(store, clock)
    asleep(store, T0 - 900)
    found = overdue.look(Standing(store.totals()))
    store.down = True
    clock.now += OVERSLEPT_READ_AGAIN
    with pytest.raises(ConnectionError):
        overdue.look(Standing(store.totals()))
    assert overdue.look(Standing(store.totals())) == found
    assert store.asked == 2


def test_overdue_jobs_come_before_backlogs_also_of_a_paused_type() -> None:
    standing = Standing({("a.b", Status.QUEUED): 9}, paused={"a.b": Pause(T0 - 60)})
    found = findings(standing, {"a.b": []}, [], {}, T0, overslept={"a.b": Overslept(2, T0 - 600)})
    assert [(one.kind, one.number, one.since) for one in found] == [
        (Kind.OVERDUE, 2, T0 - 600),
        (Kind.PAUSED, 9, T0 - 60),
    ]

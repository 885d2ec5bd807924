"""Test which suspended jobs count as overdue: those that nobody has woken two minutes after their time or event."""

from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.counters.constants import OVERSLEPT_READ_AGAIN
from chalicelib.counters.health import Kind, Overslept, findings
from chalicelib.counters.port import Pause, Standing
from chalicelib.counters.sleepers import Sleepers
from chalicelib.errors import RowNotSigned
from chalicelib.jobs.constants import OVERSLEPT
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.step import Step
from tests.support import T0, Clock, a_job


class Watched(MemoryJobStore):
    asked = 0
    broken = False

    def get_many(self, ids: Sequence[str]) -> Sequence[Job]:
        self.asked += 1
        return super().get_many(ids)

    def kept_step(self, job: Job, key: str) -> Step | None:
        if self.broken:
            raise RowNotSigned
        return super().kept_step(job, key)


@pytest.fixture
def store(clock: Clock) -> Watched:
    return Watched(clock)


def asleep(store: MemoryJobStore, until: float, waits: str = "time", **more: Any) -> Job:
    fields = {"status": Status.SUSPENDED, "waits": waits, "next_attempt_at": until, "parked_until": until, "claims": 1}
    job = a_job(**{**fields, "updated_at": T0, **more})
    store.add(job)
    return job


def look(store: MemoryJobStore, clock: Clock) -> Any:
    return Sleepers(store, clock).look(Standing(store.totals()))


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
    store.broken = True
    assert look(store, clock) == {}


def test_it_reads_nothing_without_suspended_jobs_and_at_most_once_a_minute(store: Watched, clock: Clock) -> None:
    sleepers = Sleepers(store, clock)
    assert sleepers.look(Standing({("a.b", Status.QUEUED): 3})) == {}
    assert store.asked == 0
    asleep(store, T0 - 900)
    found = sleepers.look(Standing(store.totals()))
    clock.now += OVERSLEPT_READ_AGAIN - 1
    assert sleepers.look(Standing(store.totals())) is found
    clock.now += 1
    sleepers.look(Standing(store.totals()))
    assert store.asked == 2


def test_overdue_jobs_come_before_backlogs_also_of_a_paused_type() -> None:
    standing = Standing({("a.b", Status.QUEUED): 9}, paused={"a.b": Pause(T0 - 60)})
    found = findings(standing, {"a.b": []}, [], {}, T0, overslept={"a.b": Overslept(2, T0 - 600)})
    assert [(one.kind, one.number, one.since) for one in found] == [
        (Kind.OVERDUE, 2, T0 - 600),
        (Kind.PAUSED, 9, T0 - 60),
    ]

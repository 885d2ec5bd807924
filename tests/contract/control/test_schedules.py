"""Test every store of schedules: conditional writes, and the next firings in their order."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import ScheduleNotFound
from chalicelib.schedules.dynamo import DynamoSchedules
from chalicelib.schedules.memory import MemorySchedules
from chalicelib.schedules.port import Schedules
from chalicelib.schedules.schedule import Schedule
from tests.contract.conftest import either
from tests.support import T0

schedules = either(MemorySchedules, DynamoSchedules)


def a_schedule(name: str = "nightly", **fields: Any) -> Schedule:
    plain = Schedule(
        name,
        "test.note",
        "0 6 * * *",
        "UTC",
        {"to": ["ä"]},
        created_at=T0,
        updated_at=T0,
        next_at=T0,
        expires=60,
        priority="low",
    )
    return replace(plain, writer=uuid.uuid4().hex[:12], **fields)


FULL = a_schedule(
    catch_up=3, overlap="skip", starts_at=T0 + 0.5, ends_at=T0 + 9, declared=True, paused=True, recent=(T0, T0 - 60.0),
    problem="There is no job type 'test.note'.", paused_by="ada", paused_at=T0 + 0.5,
    gaps=((T0 - 120.0, "missed"), (T0 - 180.0, "paused")),
)  # fmt: skip


@pytest.mark.parametrize(
    "schedule",
    [
        a_schedule(),
        FULL,
        a_schedule(next_at=None, payload={"deep": [{"x": None}]}),
        a_schedule(starts_at=1_800_000_000),
    ],
)
def test_what_is_kept_comes_back(schedules: Schedules, schedule: Schedule) -> None:
    assert schedules.add(schedule)
    assert schedules.get(schedule.id) == schedule
    assert schedules.get(schedule.id).version == schedule.version
    assert list(schedules.page(10)) == [schedule]
    assert list(schedules.due(T0, 10)) == ([] if schedule.next_at is None else [schedule])


def test_an_id_is_taken_once_and_the_same_write_twice_is_no_error(schedules: Schedules) -> None:
    first = a_schedule()
    assert schedules.add(first)
    assert schedules.add(first), "the reply to the first time was lost"
    assert not schedules.add(a_schedule(cron="1 * * * *"))
    assert schedules.get("nightly") == first


def test_a_write_is_refused_over_a_change_that_was_not_seen(schedules: Schedules) -> None:
    seen = a_schedule()
    schedules.add(seen)
    mine, yours = a_schedule(next_at=T0 + 60), a_schedule(paused=True, next_at=None)
    assert schedules.replace(seen, mine)
    assert schedules.replace(seen, mine), "the reply to the first time was lost"
    assert not schedules.replace(seen, yours)
    assert schedules.get("nightly") == mine
    assert not schedules.replace(a_schedule("other"), a_schedule("other")), "one that is gone is not made again"
    assert schedules.count() == 1


def test_a_removal_is_refused_over_a_change_that_was_not_seen(schedules: Schedules) -> None:
    seen, changed = a_schedule(), a_schedule(next_at=T0 + 60)
    schedules.add(seen)
    schedules.replace(seen, changed)
    assert not schedules.remove(seen)
    assert schedules.remove(changed)
    assert schedules.remove(changed), "one that is gone is no error"
    with pytest.raises(ScheduleNotFound, match="nightly"):
        schedules.get("nightly")
    assert (schedules.count(), list(schedules.due(T0 + 999, 10))) == (0, [])


def test_pages_go_on_behind_an_id(schedules: Schedules) -> None:
    for name in ("c", "a", "b", "report.generate-default"):
        schedules.add(a_schedule(name))
    assert [one.id for one in schedules.page(2)] == ["a", "b"]
    assert [one.id for one in schedules.page(2, "b")] == ["c", "report.generate-default"]
    assert list(schedules.page(2, "report.generate-default")) == []
    assert schedules.count() == 4


def test_due_ones_come_in_the_order_of_their_firings(schedules: Schedules) -> None:
    for number, name in enumerate(("late", "soon", "now")):
        schedules.add(a_schedule(name, next_at=T0 + 120 - 60 * number))
    schedules.add(a_schedule("none", next_at=None))
    assert [one.id for one in schedules.due(T0 + 119, 10)] == ["now", "soon"]
    assert [one.id for one in schedules.due(T0 + 120, 2)] == ["now", "soon"]
    assert list(schedules.due(T0 - 1, 10)) == []
    seen = schedules.get("now")
    schedules.replace(seen, replace(seen, next_at=T0 + 500, writer="another"))
    assert [one.id for one in schedules.due(T0 + 120, 10)] == ["soon", "late"]

"""What the two `show` commands print for a person: as much as `--json` has."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from jobflow import models as m
from jobflow.cli.commands import schedules, types
from jobflow.cli.session import Session

DAYS = [datetime(2027, 1, day, tzinfo=UTC) for day in range(1, 13)]
SCHEDULES = (
    m.ScheduleRow(
        id="daily", type="a.b", cron="0 6 * * *", timezone="UTC", payload={"n": 1}, catch_up=0, overlap="allow",
        starts_at=None, ends_at=None, version="v1", declared=False, paused=False, problem=None, created_at=DAYS[0],
        updated_at=DAYS[1], next_firings=[], last_firings=[],
    ),
    m.ScheduleRow(
        id="weekly", type="c.d", cron="0 7 * * 1", timezone="Europe/Berlin", payload={"n": 2}, catch_up=3,
        overlap="skip", starts_at=DAYS[2], ends_at=DAYS[3], version="v2", declared=True, paused=True, problem="late",
        created_at=DAYS[4], updated_at=DAYS[5], next_firings=[m.Firing(DAYS[6], "next")],
        last_firings=[m.LastFiring(DAYS[7], "last", "a-job", "failed", "Boom")],
    ),
)  # fmt: skip
TYPES = (
    m.JobTypeRow(
        type="a.b", title="A", description="Does.", schema={"a": 1}, example={"a": 1}, max_attempts=3,
        retry_waits=[2.0, 4.0], give_up_after=None, timeout=30, budget=29.0, batch_size=1, concurrency=2, memory=128,
        rate=None, pause_when=None, fair_by=None, serial_by=None, unique_for=None, unique_by=[], enqueues=[],
        retired=False, problem=None,
    ),
    m.JobTypeRow(
        type="c.d", title="C", description="Does not.", schema={"b": 1}, example={"b": 1}, max_attempts=4,
        retry_waits=[3.0, 6.0], give_up_after=172_800.0, timeout=60, budget=5.0, batch_size=10, concurrency=20,
        memory=512, rate=m.RateRow(14, 1.0, 7), pause_when=m.PauseRuleRow(20, 300.0), fair_by="customer",
        serial_by="account", unique_for=60.0, unique_by=["order"], enqueues=["e.f"], retired=True,
        problem="no handler",
    ),
)  # fmt: skip


def shown_schedule(row: Any) -> None:
    schedules._print(Session(as_json=False), row)


def shown_type(row: Any) -> None:
    Session(as_json=False).out.facts(row, types._facts(row))


@pytest.mark.parametrize(("show", "pair"), [(shown_schedule, SCHEDULES), (shown_type, TYPES)])
def test_what_differs_in_json_differs_in_the_table(
    show: Callable[[Any], None], pair: tuple[Any, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(row: Any) -> str:
        show(row)
        return capsys.readouterr().out

    one, other = pair
    if isinstance(one, m.JobTypeRow):  # of which fields a job is unique is told where jobs are
        one, other = replace(one, unique_for=30.0), replace(other, unique_for=60.0)
    hidden = [
        field.name
        for field in fields(one)
        if printed(one) == printed(replace(one, **{field.name: getattr(other, field.name)}))
    ]
    assert hidden == []

"""A schedule that is made, changed or resumed shortly before its time fires at it, whenever the watchdog comes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.jobs.job import Status
from chalicelib.schedules.editing import ScheduleService, Settings
from chalicelib.schedules.firings import Firings
from tests.chalicelib.api.support import NOTE
from tests.chalicelib.schedules.conftest import Stage
from tests.support import T0

ID = "near"
HOURLY = Settings(NOTE.name, "0 * * * *", "UTC", {"to": ["a"]})


ACTS: dict[str, Callable[[ScheduleService], object]] = {
    "create": lambda operator: operator.create(ID, HOURLY),
    "change": lambda operator: (operator.create(ID, replace(HOURLY, cron="30 * * * *")), operator.change(ID, HOURLY)),
    "resume": lambda operator: (operator.create(ID, HOURLY, paused=True), operator.resume(ID)),
}


@pytest.fixture(params=[1.0, 59.0, 119.0])
def near(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    """So many seconds before the hour."""
    stage.clock.now = T0 + 3600 - request.param
    return stage


@pytest.fixture(params=ACTS)
def acted(request: pytest.FixtureRequest, near: Stage) -> Stage:
    ACTS[request.param](operator_of(near))
    return near


def operator_of(stage: Stage) -> ScheduleService:
    return ScheduleService(stage.kept, stage.service, stage.firings())


def test_it_has_its_job_before_its_time_and_once(acted: Stage) -> None:
    assert [job.fires_at for job in acted.jobs()] == [T0 + 3600]
    [job] = acted.jobs()
    assert (job.sent, job.run_at, job.status) == (True, T0 + 3600, Status.SCHEDULED)
    acted.minutes(5, acted.first, acted.second)
    assert acted.fired() == [3600]


@pytest.mark.parametrize(("late", "status"), [(False, Status.CANCELLED), (True, Status.SCHEDULED)])
def test_a_pause_takes_back_what_has_not_fired(acted: Stage, late: bool, status: Status) -> None:
    acted.clock.now = T0 + 3601 if late else acted.clock.now
    operator_of(acted).pause(ID)
    assert [job.status for job in acted.jobs()] == [status]


def test_what_aws_refuses_is_left_to_the_watchdog(near: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    operator = operator_of(near)
    with monkeypatch.context() as patched:
        patched.setattr(near.store, "add", refuse)
        patched.setattr(Firings, "_current", refuse)
        assert operator.create(ID, HOURLY).next_at == T0 + 3600
    assert near.jobs() == []
    near.minutes(1, near.first)
    assert near.fired() == [3600]


def refuse(*_: object, **__: object) -> None:
    raise TimeoutError("DynamoDB does not answer")

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
NEVER_SOON = replace(HOURLY, cron="30 * * * *")


def create(operator: ScheduleService) -> object:
    return operator.create(ID, HOURLY)


def change(operator: ScheduleService) -> object:
    return operator.change(ID, HOURLY)


def resume(operator: ScheduleService) -> object:
    return operator.resume(ID)


def far_from_it(operator: ScheduleService) -> object:
    return operator.create(ID, NEVER_SOON)


def paused(operator: ScheduleService) -> object:
    return operator.create(ID, HOURLY, paused=True)


ACTS: dict[str, tuple[Callable[[ScheduleService], object] | None, Callable[[ScheduleService], object]]] = {
    "create": (None, create),
    "change": (far_from_it, change),
    "resume": (paused, resume),
}


@pytest.fixture(params=[1.0, 25.0, 59.0, 119.0])
def near(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    """So many seconds before the hour."""
    stage.clock.now = T0 + 3600 - request.param
    return stage


@pytest.fixture(params=ACTS)
def acted(request: pytest.FixtureRequest, near: Stage) -> Stage:
    first, act = ACTS[request.param]
    operator = operator_of(near)
    if first is not None:
        first(operator)
    act(operator)
    return near


def operator_of(stage: Stage) -> ScheduleService:
    return ScheduleService(stage.kept, stage.service, stage.firings())


def test_it_has_its_job_before_its_time_and_once(acted: Stage) -> None:
    assert [job.fires_at for job in acted.jobs()] == [T0 + 3600]
    [job] = acted.jobs()
    assert (job.sent, job.run_at, job.status) == (True, T0 + 3600, Status.SCHEDULED)
    acted.minutes(5, acted.first, acted.second)
    assert acted.fired() == [3600]


def test_a_pause_after_its_time_takes_nothing_back(acted: Stage) -> None:
    acted.clock.now = T0 + 3600 + 1
    operator_of(acted).pause(ID)
    assert [job.status for job in acted.jobs()] == [Status.SCHEDULED]


def test_a_pause_before_its_time_does(acted: Stage) -> None:
    operator_of(acted).pause(ID)
    assert [job.status for job in acted.jobs()] == [Status.CANCELLED]


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

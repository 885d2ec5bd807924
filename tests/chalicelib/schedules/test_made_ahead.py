"""Check that an operator's action, or a deploy, also changes the jobs made ahead, at any request of a run."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest

from chalicelib.job_types.schedule import Cron
from chalicelib.jobs.job import Status
from chalicelib.schedules.declared import Declared
from chalicelib.schedules.editing import ScheduleService, Settings
from chalicelib.schedules.firings import Firings
from tests.chalicelib.api.support import NOTE, OTHER, only_types
from tests.chalicelib.schedules.conftest import Stage
from tests.support import T0

TO = {"to": ["a"]}
ID = "minutely"
MINUTELY = Settings(NOTE.name, "* * * * *", "UTC", TO)
DECLARED = Cron("* * * * *", payload=TO)
AHEAD_ONES = {T0 + 60, T0 + 120}
"""The two firings whose jobs the first run makes."""
Act = Callable[[ScheduleService, Stage], object]


def delete_and_create(operator: ScheduleService, stage: Stage) -> None:
    operator.delete(ID)
    stage.clock.advance(0.001)
    operator.create(ID, MINUTELY)


STOPPING: dict[str, Act] = {
    "pause": lambda operator, _: operator.pause(ID),
    "delete": lambda operator, _: operator.delete(ID),
    "change": lambda operator, _: operator.change(ID, replace(MINUTELY, cron="30 * * * *")),
    "bound": lambda operator, _: operator.change(ID, replace(MINUTELY, ends_at=T0 + 30)),
}
"""After these actions, the firings have no job that runs."""
GOING_ON: dict[str, Act] = {
    "delete and create": delete_and_create,
    "payload": lambda operator, _: operator.change(ID, replace(MINUTELY, payload={"to": ["b"]})),
    "overlap": lambda operator, _: operator.change(ID, replace(MINUTELY, overlap="skip")),
}
"""After these actions, each firing has one job that runs."""
ACTS = STOPPING | GOING_ON


def operator_of(stage: Stage, *, disturbed: bool = False) -> ScheduleService:
    """Return an operator's use cases; with `disturbed`, requests of the operator fail."""
    jobs = stage.first.service if disturbed else stage.service
    return ScheduleService(stage.kept, jobs, Firings(stage.kept, jobs, Declared(stage.kept, jobs.dispatcher)))


def stages() -> Iterator[tuple[int, Stage]]:
    """Yield a stage for each request of a run that makes two jobs, until the last request."""
    requests = 0
    for number in range(100):
        with only_types(NOTE):
            stage = Stage()
            stage.add(ID, MINUTELY.cron)
            if number:
                yield number, stage
            else:
                stage.run()
                requests = stage.faults.calls
        if number == requests:
            break
    assert requests >= 6, "the page, the due ones, two jobs, the schedule, the messages"


def end_with(stage: Stage, act: str, where: object) -> None:
    """Run another watchdog for some minutes; check that the firings have the jobs that the action allows."""
    stage.faults.calm()
    stage.minutes(3, stage.second)
    lives = [job.fires_at for job in stage.jobs() if job.status is not Status.CANCELLED and job.fires_at in AHEAD_ONES]
    expected = [] if act in STOPPING else sorted(AHEAD_ONES)
    assert lives == expected, (act, where)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("run", ["dies at", "is met at"])
@pytest.mark.parametrize("act", ACTS)
def test_an_act_reaches_what_a_run_makes_that_dies_or_is_met_at_any_request(act: str, run: str, after: bool) -> None:
    for number, stage in stages():
        acts = partial(ACTS[act], operator_of(stage), stage)
        if run == "dies at":
            stage.faults.crash_at, stage.faults.after = number, after
            stage.run()
            acts()
        else:
            meets(stage, number, after, acts)
            stage.run()
        end_with(stage, act, number)


def meets(stage: Stage, number: int, after: bool, act: Callable[[], object]) -> None:
    """Let another process act before or after a request of the next run."""

    def at_the_request(_: str) -> None:
        if stage.faults.calls == number:
            act()

    if after:
        stage.faults.lose = at_the_request
    else:
        stage.faults.fail = at_the_request


@pytest.mark.parametrize("act", STOPPING)
def test_an_act_whose_cancelling_failed_does_it_when_it_is_repeated(stage: Stage, act: str) -> None:
    stage.add(ID, MINUTELY.cron)
    stage.run()
    refused = iter([ConnectionError()])
    stage.faults.fail = lambda name: next(refused, None) if name == "apply" else None
    with pytest.raises(ConnectionError):
        ACTS[act](operator_of(stage, disturbed=True), stage)
    ACTS[act](operator_of(stage), stage)
    end_with(stage, act, "repeated")


DEPLOYS = {
    "ended": (),
    "changed": (replace(DECLARED, text="30 * * * *"),),
    "kept": (replace(DECLARED, payload={"to": ["b"]}),),
}


@pytest.mark.parametrize("dies", [None, *range(1, 12)])
@pytest.mark.parametrize("deploy", DEPLOYS)
def test_a_deploy_reaches_what_was_made_ahead_for_what_it_declared_before(
    stage: Stage, deploy: str, dies: int | None
) -> None:
    """AWS refused the write of the previous run. The first process with the new code may die at any request."""
    with only_types(replace(NOTE, schedules=(DECLARED,))):
        stage.faults.fail = lambda name: ConnectionError() if name == "replace" else None
        stage.run()
    stage.faults.calm()
    stage.faults.calls = 0
    with only_types(replace(NOTE, schedules=DEPLOYS[deploy]), OTHER):
        stage.faults.crash_at = dies
        stage.run(stage.firings())
        end_with(stage, "pause" if deploy != "kept" else "payload", dies)


def test_a_deploy_that_removes_the_type_reaches_them_too(stage: Stage) -> None:
    with only_types(replace(NOTE, schedules=(DECLARED,))):
        stage.run()
    with only_types(OTHER):
        stage.run(stage.firings())
    assert {job.status for job in stage.jobs()} == {Status.CANCELLED}


@pytest.mark.parametrize("deploy", ["ended", "changed"])
def test_a_deploy_that_meets_another_write_is_followed_by_the_next_run(stage: Stage, deploy: str) -> None:
    with only_types(replace(NOTE, schedules=(DECLARED,))):
        stage.run()
    new = Declared(stage.first.schedules, stage.first.service.dispatcher)
    (stored,) = stage.kept.page(1)
    with only_types(replace(NOTE, schedules=DEPLOYS[deploy])):
        meets(stage, stage.faults.calls + 5, False, lambda: stage.kept.replace(stored, replace(stored, writer="old")))
        new.follow()
        assert stage.faults.names[-1] in ("remove", "replace")
        assert stage.kept.get(stored.id).cron == DECLARED.text, "refused"
        new.follow()
        assert [one.cron for one in stage.kept.page(1)] == [cron.text for cron in DEPLOYS[deploy]]

"""Test changes of a schedule: two at the same moment, and one shortly before its time."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import ScheduleConflict
from chalicelib.jobs.job import Status
from chalicelib.producing.service import JobService
from chalicelib.schedules.declared import Declared
from chalicelib.schedules.editing import ScheduleService, Settings
from chalicelib.schedules.firings import Firings
from chalicelib.schedules.memory import MemorySchedules
from chalicelib.schedules.schedule import Schedule
from tests.chalicelib.api.support import NOTE, only_types
from tests.chalicelib.schedules.conftest import Stage
from tests.support import T0, Clock

HOURLY = Settings(NOTE.name, "0 * * * *", "UTC", {"to": ["a@example.com"]})
MINE, YOURS = replace(HOURLY, catch_up=5), replace(HOURLY, overlap="skip")


class Interleaved(MemorySchedules):
    """A store in which something happens between another process's read and its write."""

    def __init__(self) -> None:
        super().__init__()
        self.before_a_write: list[Callable[[], object]] = []

    def replace(self, seen: Schedule, changed: Schedule) -> bool:
        if self.before_a_write:
            self.before_a_write.pop()()
        return super().replace(seen, changed)


@pytest.fixture
def kept() -> Interleaved:
    return Interleaved()


@pytest.fixture
def service(kept: Interleaved) -> Iterator[ScheduleService]:
    clock = Clock()
    jobs = JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock)
    with only_types(NOTE):
        yield ScheduleService(kept, jobs, Firings(kept, jobs, Declared(kept, jobs.dispatcher)))


@pytest.mark.parametrize("between", ["another change", "a pause", "a firing", "the same change"])
def test_a_change_of_the_settings_that_comes_between_look_and_write_is_a_conflict_and_nothing_else_is(
    service: ScheduleService, kept: Interleaved, between: str
) -> None:
    read = service.create("hourly", HOURLY)

    def fire() -> bool:
        seen = service.get("hourly")
        after = replace(seen, next_at=(seen.next_at or 0) + 3_600, writer="watchdog")
        return MemorySchedules.replace(kept, seen, after)

    meanwhile: dict[str, Callable[[], object]] = {
        "another change": lambda: service.change("hourly", YOURS, read.version),
        "a pause": lambda: service.pause("hourly"),
        "a firing": fire,
        "the same change": lambda: service.change("hourly", MINE, read.version),
    }
    kept.before_a_write = [meanwhile[between]]
    if between == "another change":
        with pytest.raises(ScheduleConflict, match="its version is"):
            service.change("hourly", MINE, read.version)
        assert (service.get("hourly").catch_up, service.get("hourly").overlap) == (1, "skip")
    else:
        changed = service.change("hourly", MINE, read.version)
        assert service.get("hourly") == changed
        assert (changed.catch_up, changed.paused) == (5, between == "a pause")


ID = "near"


ACTS: dict[str, Callable[[ScheduleService], object]] = {
    "create": lambda operator: operator.create(ID, HOURLY),
    "change": lambda operator: (operator.create(ID, replace(HOURLY, cron="30 * * * *")), operator.change(ID, HOURLY)),
    "resume": lambda operator: (operator.create(ID, HOURLY, paused=True), operator.resume(ID)),
}


@pytest.fixture(params=[1.0, 59.0, 119.0])
def near(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    """Set the clock to that many seconds before the hour."""
    stage.clock.now = T0 + 3600 - request.param
    return stage


@pytest.fixture(params=ACTS)
def acted(request: pytest.FixtureRequest, near: Stage) -> Stage:
    ACTS[request.param](near_operator(near))
    return near


def near_operator(stage: Stage) -> ScheduleService:
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
    near_operator(acted).pause(ID)
    assert [job.status for job in acted.jobs()] == [status]


def test_what_aws_refuses_is_left_to_the_watchdog(near: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    operator = near_operator(near)
    with monkeypatch.context() as patched:
        patched.setattr(near.store, "add", refuse)
        patched.setattr(near.kept, "get", refuse)
        assert operator.create(ID, HOURLY).next_at == T0 + 3600
    assert near.jobs() == []
    near.minutes(1, near.first)
    assert near.fired() == [3600]


def refuse(*_: object, **__: object) -> None:
    raise TimeoutError("DynamoDB does not answer")

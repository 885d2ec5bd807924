"""Two change one schedule at the same moment: with the version that they read, neither overwrites the other unseen."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import ScheduleConflict
from chalicelib.producing.service import JobService
from chalicelib.schedules.declared import Declared
from chalicelib.schedules.editing import ScheduleService, Settings
from chalicelib.schedules.firings import Firings
from chalicelib.schedules.memory import MemorySchedules
from chalicelib.schedules.schedule import Schedule
from tests.chalicelib.api.support import NOTE, only_types
from tests.support import Clock

HOURLY = Settings(NOTE.name, "0 * * * *", "UTC", {"to": ["a@example.com"]})
MINE, YOURS = replace(HOURLY, catch_up=5), replace(HOURLY, overlap="skip")


class Interleaved(MemorySchedules):
    """Lets something happen between a reader's look and its write."""

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
        with pytest.raises(ScheduleConflict, match="changed meanwhile"):
            service.change("hourly", MINE, read.version)
        assert (service.get("hourly").catch_up, service.get("hourly").overlap) == (1, "skip")
    else:
        changed = service.change("hourly", MINE, read.version)
        assert service.get("hourly") == changed
        assert (changed.catch_up, changed.paused) == (5, between == "a pause")

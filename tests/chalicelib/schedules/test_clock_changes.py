"""Firings over the weeks in which the clocks change: each exactly once, counted apart."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.telemetry.logger import logger
from tests.chalicelib.schedules.conftest import Stage

WEEKS = [(datetime(2026, 3, 5, 0, 30, tzinfo=UTC), 33), (datetime(2026, 10, 1, 0, 30, tzinfo=UTC), 34)]
"""Two spans of days with three changes of the clocks each."""
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
DAILY = {"30 2 * * *": (2, 30), "15 1 * * *": (1, 15), "45 3 * * *": (3, 45)}
QUARTER = timedelta(minutes=15)


@pytest.fixture
def quiet() -> Iterator[None]:
    before = logger().log_level
    logger().setLevel("ERROR")
    yield
    logger().setLevel(before)


def daily(zone: str, hour: int, minute: int, start: datetime, end: datetime) -> Iterator[float]:
    """The times by the calendar: one a day, later by the gap where the clocks leave it out. Knows nothing of cron."""
    day = start.astimezone(ZoneInfo(zone)).date()
    while day < end.date() + timedelta(days=2):
        wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))
        there = wall.astimezone(UTC).astimezone(ZoneInfo(zone))
        if (there.hour, there.minute) == (hour, minute):
            yield wall.timestamp()
        else:
            # all three zones move their clocks at 2:00: fold 0 takes that with the offset before, which is the moment
            yield wall.replace(hour=2, minute=0).timestamp()
        day += timedelta(days=1)


def quarters(zone: str, hours: range, start: datetime, end: datetime) -> Iterator[float]:
    """Each quarter of an hour of elapsed time whose local hour is among these."""
    at = start
    while at < end + timedelta(days=1):
        local = at.astimezone(ZoneInfo(zone))
        if local.hour in hours and local.minute % 15 == 0:
            yield at.timestamp()
        at += QUARTER


@pytest.mark.parametrize(("start", "days"), WEEKS)
def test_every_firing_makes_one_job(stage: Stage, quiet: None, start: datetime, days: int) -> None:
    end = start + timedelta(days=days)
    stage.clock.now, until = start.timestamp(), end.timestamp()
    expected: Counter[tuple[str, float]] = Counter()
    for number, zone in enumerate(ZONES):
        for name, (cron, time) in enumerate(DAILY.items()):
            stage.add(f"daily-{number}-{name}", cron, timezone=zone)
            expected.update((f"daily-{number}-{name}", at) for at in daily(zone, *time, start, end))
        stage.add(f"quarters-{number}", "*/15 1-2 * * *", timezone=zone)
        expected.update((f"quarters-{number}", at) for at in quarters(zone, range(1, 3), start, end))
    expected = Counter({one: times for one, times in expected.items() if start.timestamp() < one[1] <= until})
    while stage.clock.now < until:
        first = min(one.next_at or until for one in stage.kept.page(100))
        # the watchdog's minute in which the next firing is due, or a later one: it does not come on the second
        stage.clock.now = max(stage.clock.now + 60, first - 120 + stage.rng.uniform(0, 60))
        stage.run(stage.rng.choice([stage.first, stage.second]))
    made = Counter((str(job.schedule), job.fires_at or 0.0) for job in stage.jobs() if (job.fires_at or 0.0) <= until)
    assert made == expected
    late = [job for job in stage.jobs() if job.created_at > (job.fires_at or 0.0)]
    assert late == [], "and each was made ahead of its time"

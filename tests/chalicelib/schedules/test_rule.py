"""Test which firings are due: before their time, after an outage, at the limits of a schedule."""

from dataclasses import replace

import pytest

from chalicelib.schedules.constants import AHEAD, LATE, MOST_RECENT_FIRINGS
from chalicelib.schedules.rule import Due, ahead, comes_to, due, gaps, made, started, stopped, upcoming
from chalicelib.schedules.schedule import Schedule
from tests.support import T0

HOUR = 3600.0
HOURLY = Schedule("hourly", "test.note", "0 * * * *", "UTC", {}, next_at=T0, created_at=T0)
MINUTELY = replace(HOURLY, cron="* * * * *")


def test_a_firing_is_due_two_minutes_ahead() -> None:
    assert due(HOURLY, T0 - AHEAD - 1) == Due((), T0)
    assert due(HOURLY, T0 - AHEAD) == Due((T0,), T0 + HOUR)
    assert due(MINUTELY, T0 - AHEAD) == Due((T0,), T0 + 60)
    assert due(MINUTELY, T0 - 60) == Due((T0, T0 + 60), T0 + 120)


def test_a_firing_that_is_a_little_late_is_not_missed() -> None:
    assert due(replace(HOURLY, catch_up=0), T0 + LATE) == Due((T0,), T0 + HOUR)
    assert due(replace(HOURLY, catch_up=0), T0 + LATE + 0.5) == Due((), T0 + HOUR, T0)


@pytest.mark.parametrize(
    ("catch_up", "times", "left_out"),
    [
        (0, (), T0),
        (1, (T0 + 4 * HOUR,), T0),
        (3, (T0 + 2 * HOUR, T0 + 3 * HOUR, T0 + 4 * HOUR), T0),
        (5, tuple(T0 + n * HOUR for n in range(5)), None),
        (100, tuple(T0 + n * HOUR for n in range(5)), None),
    ],
)  # fmt: skip
def test_after_an_outage_the_last_missed_ones_run(catch_up: int, times: tuple[float, ...], left_out: float) -> None:
    after_it = T0 + 4 * HOUR + 1800
    assert due(replace(HOURLY, catch_up=catch_up), after_it) == Due(times, T0 + 5 * HOUR, left_out)


def test_missed_ones_and_those_ahead_come_together() -> None:
    found = due(replace(MINUTELY, catch_up=2), T0 + 600)
    assert found.times == tuple(T0 + 60 * n for n in (6, 7, 8, 9, 10, 11, 12))
    assert found.next_at == T0 + 780
    assert found.left_out == T0
    years = due(replace(MINUTELY, catch_up=3), T0 + 3 * 365 * 24 * HOUR)
    assert (len(years.times), years.left_out) == (3 + 5, T0), "they are not counted through"


def test_a_schedule_ends_and_begins_in_its_time() -> None:
    ends = replace(HOURLY, ends_at=T0 + HOUR)
    assert due(ends, T0 + HOUR) == Due((T0, T0 + HOUR), None)
    begins = replace(HOURLY, starts_at=T0 + 3 * HOUR)
    assert started(begins, T0).next_at == T0 + 3 * HOUR
    assert started(replace(begins, ends_at=T0 + 2 * HOUR), T0).next_at is None


def test_a_paused_schedule_is_never_due_and_goes_on_with_the_next_firing() -> None:
    paused = stopped(HOURLY, T0 - 300)
    assert (paused.next_at, due(paused, T0).times, upcoming(paused, T0, 5)) == (None, (), [])
    assert started(paused, T0 + 9 * HOUR + 1).next_at == T0 + 10 * HOUR
    made_ahead = stopped(replace(HOURLY, recent=(T0,)), T0 - 100)
    assert started(made_ahead, T0 - 90).next_at == T0 + HOUR, "what was made ahead is not made again"


def test_a_schedule_remembers_its_last_firings_and_the_last_refusal() -> None:
    what = Due((T0, T0 + 60), T0 + 120)
    full = replace(MINUTELY, recent=tuple(T0 - 60 * n for n in range(1, 30)), problem="gone")
    after = made(full, what, T0, None)
    assert (after.recent[:3], len(after.recent)) == ((T0 + 60, T0, T0 - 60), MOST_RECENT_FIRINGS)
    assert (after.next_at, after.problem) == (T0 + 120, None)
    refused = made(full, what, T0, "refused")
    assert (refused.recent, refused.next_at, refused.problem) == (full.recent, T0 + 120, "refused")


def test_upcoming_firings_include_those_whose_jobs_are_made() -> None:
    ahead = replace(HOURLY, recent=(T0 + HOUR, T0), next_at=T0 + 2 * HOUR)
    assert upcoming(ahead, T0 + 1, 3) == [T0 + HOUR, T0 + 2 * HOUR, T0 + 3 * HOUR]


def test_what_may_be_made_ahead_is_what_a_run_makes_and_what_the_schedule_remembers() -> None:
    assert ahead(MINUTELY, T0) == [T0 + 60, T0 + 120]
    assert ahead(HOURLY, T0 - AHEAD - 6) == []
    assert ahead(HOURLY, T0 - AHEAD - 4) == [T0], "the clock of the run may be ahead of ours"
    assert ahead(HOURLY, T0) == [], "it has fired"
    assert ahead(stopped(HOURLY, T0), T0 - 30) == [T0], "a pause that is repeated looks again"
    changed = replace(HOURLY, cron="30 * * * *", recent=(T0, T0 - HOUR))
    assert ahead(changed, T0 - 30) == [T0], "which the text before it made"


def test_a_schedule_comes_to_its_next_firing_and_those_behind_it() -> None:
    assert [comes_to(MINUTELY, T0 + after) for after in (-60, 0, 30, 60)] == [False, True, False, True]
    assert not comes_to(stopped(MINUTELY, T0), T0)
    assert not comes_to(replace(MINUTELY, ends_at=T0 + 30), T0 + 60)


def test_firings_that_an_outage_left_out_are_kept_as_missed() -> None:
    now = T0 + 4 * HOUR + 1800
    after = made(HOURLY, due(HOURLY, now), now, None)
    assert after.recent == (T0 + 4 * HOUR,)
    assert after.gaps == tuple((T0 + n * HOUR, "missed") for n in (3, 2, 1, 0))
    assert len(made(MINUTELY, due(MINUTELY, now), now, None).gaps) == MOST_RECENT_FIRINGS


def test_firings_of_a_pause_are_kept_as_paused_with_who_paused_it() -> None:
    paused = stopped(HOURLY, T0 + 60, "ada")
    assert (paused.paused_by, paused.paused_at) == ("ada", T0 + 60)
    expected = ((T0 + 2 * HOUR, "paused"), (T0 + HOUR, "paused"))
    assert gaps(paused, T0 + 2 * HOUR + 60) == expected
    resumed = started(paused, T0 + 2 * HOUR + 60)
    assert (resumed.paused_by, resumed.paused_at, resumed.gaps) == (None, None, expected)
    assert started(resumed, T0 + 2 * HOUR + 90).gaps == expected, "a change of the settings leaves no gap"


def test_a_firing_that_was_refused_is_kept_and_one_with_a_job_is_no_gap() -> None:
    refused = made(HOURLY, due(HOURLY, T0), T0, "No.")
    assert refused.gaps == ((T0, "refused"),)
    has_a_job = replace(stopped(HOURLY, T0 - 60), recent=(T0,))
    assert gaps(has_a_job, T0 + 60) == ()

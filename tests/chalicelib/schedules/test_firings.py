"""Check that each firing makes one job, exact to the second: with two watchdogs, crashes, and an outage."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.jobs.job import Status
from chalicelib.schedules.ahead import cancel_ahead, job_of
from chalicelib.schedules.firings import Firings
from tests.chalicelib.api.support import NOTE, OTHER, only_types
from tests.chalicelib.schedules.conftest import Stage
from tests.support import T0, written

HOUR = 3600.0


def test_a_firing_is_made_ahead_and_becomes_visible_at_its_time(stage: Stage) -> None:
    schedule = stage.add("five-minutes", "*/5 * * * *")
    stage.clock.advance(181)
    assert stage.run() == {"fired": 1}
    (job,) = stage.jobs()
    assert (job.status, job.fires_at, job.run_at, job.sent) == (Status.SCHEDULED, T0 + 300, T0 + 300, True)
    assert (job.schedule, job.id, job.after) == (schedule.id, job_of(schedule, T0 + 300), None)
    (message,) = stage.queue.messages.get(NOTE.name, [])
    assert T0 + 300 <= message.visible_at < T0 + 301
    assert stage.run() == {}


def test_two_watchdogs_make_one_job_a_firing(stage: Stage) -> None:
    stage.add("minutely", "* * * * *")
    stage.minutes(60, stage.first, stage.second)
    assert stage.fired() == [60.0 * n for n in range(1, 62)]
    assert len(stage.queue.messages.get(NOTE.name, [])) == 61, "nor is a message sent twice"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("overlap", ["allow", "skip"])
def test_a_crash_at_any_request_makes_one_job_a_firing_in_time(after: bool, overlap: str) -> None:
    """Each request in six minutes of two watchdogs, before and after it."""
    requests = None
    for crash_at in range(1, 400):
        if requests is not None and crash_at > requests:
            break
        with only_types(NOTE):
            stage = Stage()
            stage.add("minutely", "*/2 * * * *", overlap=overlap)
            stage.add("hourly", "3 8 * * *")
            stage.faults.crash_at, stage.faults.after = crash_at, after
            stage.minutes(6, stage.first, stage.second)
            requests = stage.faults.calls
            assert stage.fired() == [120.0, 180.0, 240.0, 360.0], crash_at
            waiting = sorted(message.visible_at - T0 for message in stage.queue.messages.get(NOTE.name, []))
            in_time = {at for at in stage.fired() if at < 360}  # the last firings get another minute
            assert in_time <= {float(int(at)) for at in waiting}, f"one was late: {crash_at}"
    assert requests is not None
    assert requests > 20


@pytest.mark.parametrize(
    ("catch_up", "late"), [(0, []), (1, [60]), (5, [20, 30, 40, 50, 60]), (100, [10, 20, 30, 40, 50, 60])]
)
def test_after_an_outage_of_an_hour_the_policy_says_which_run_late(
    stage: Stage, catch_up: int, late: list[int]
) -> None:
    stage.add("ten-minutes", "*/10 * * * *", catch_up=catch_up)
    stage.clock.advance(HOUR + 300)
    with written() as lines:
        stage.minutes(10, stage.first)
    assert stage.fired() == [60.0 * minute for minute in (*late, 70)]
    assert {job.status for job in stage.jobs()[: len(late)]} <= {Status.QUEUED}, "what is late runs at once"
    missed = [line["first"] for line in lines if line["message"] == "schedule.missed"]
    assert missed == ([] if len(late) == 6 else ["2027-01-15T08:10:00.000Z"])


def test_one_schedule_that_fails_keeps_no_other_from_firing(stage: Stage) -> None:
    stage.add("a")
    stage.add("b")
    stage.clock.advance(HOUR - 60)
    failing = iter([ConnectionError()])
    stage.faults.fail = lambda name: next(failing, None) if name == "add" else None
    assert stage.run() == {"fired": 1, "schedules_failed": 1}
    assert stage.run() == {"fired": 1}


def test_many_late_firings_that_another_run_made_too_are_kept(stage: Stage) -> None:
    """A schedule stores only its last 20 firings."""
    seen = stage.add("minutely", "* * * * *", catch_up=100)
    stage.clock.advance(HOUR)
    assert len(stage.first._fire(seen)) == 62
    assert stage.second._portion([seen]) == {"fired": 62}
    assert {job.status for job in stage.jobs()} == {Status.QUEUED, Status.SCHEDULED}


def test_a_change_of_the_payload_meanwhile_leaves_the_firing(stage: Stage) -> None:
    seen = stage.add()
    stage.clock.advance(HOUR - 60)
    stage.kept.replace(seen, replace(seen, payload={"to": ["b"]}, writer="operator"))
    assert stage.first._portion([seen]) == {"fired": 1}
    assert stage.run() == {}, "its key has another body now, and its job is there"
    assert stage.fired() == [HOUR]
    assert stage.kept.get("hourly").next_at == T0 + 2 * HOUR


def test_a_firing_that_can_make_no_job_says_why_and_does_not_stop_the_schedule(stage: Stage) -> None:
    stage.add()
    stage.clock.advance(HOUR - 60)
    with only_types(OTHER), written() as lines:
        assert stage.run() == {}
    kept = stage.kept.get("hourly")
    assert (kept.next_at, kept.recent) == (T0 + 2 * HOUR, ())
    assert "There is no job type 'test.note'" in (kept.problem or "")
    assert [line["message"] for line in lines] == ["schedule.refused"]
    stage.clock.advance(HOUR)
    assert stage.run() == {"fired": 1}
    assert stage.kept.get("hourly").problem is None


def test_a_run_with_little_time_left_makes_nothing_and_loses_nothing(stage: Stage) -> None:
    stage.add()
    stage.clock.advance(HOUR - 60)
    assert stage.first.run(lambda: 20.0) == {}
    assert stage.run() == {"fired": 1}


def test_many_that_fire_at_once_are_sent_in_tens(stage: Stage) -> None:
    for number in range(200):
        stage.add(f"s{number}")
    stage.clock.advance(HOUR - 60)
    stage.faults.calls = 0
    firings = Firings(stage.first.schedules, stage.first.service, stage.first.declared, threads=8)
    assert firings.run(lambda: 50.0) == {"fired": 200}
    # 3 pages for the declared schedules, 1 for the due ones; for each the job, its mark and the schedule; for each ten,
    # the messages
    assert stage.faults.calls == 3 + 1 + 3 * 200 + 20
    assert len(stage.queue.messages.get(NOTE.name, [])) == 200


def test_each_of_several_late_firings_is_behind_the_one_before_it(stage: Stage) -> None:
    schedule = stage.add("ten-minutes", "*/10 * * * *", catch_up=3, overlap="skip")
    stage.clock.advance(581)
    stage.minutes(5, stage.first)
    stage.clock.advance(HOUR)
    stage.minutes(5, stage.first)
    made = sorted(stage.jobs(), key=lambda job: job.fires_at or 0)
    assert [job.after for job in made] == [None, *(job.id for job in made[:-1])]
    assert len(made) > 4
    assert made[0].schedule == schedule.id


def test_a_job_that_a_killed_run_made_is_not_shown_as_missed(stage: Stage) -> None:
    stage.add("ten-minutes", "*/10 * * * *", catch_up=0, overlap="allow")
    stage.clock.advance(500)
    stage.faults.crash_at = next_replace(stage, catch_up=0, overlap="allow")
    stage.run()
    (killed,) = stage.jobs()
    stage.faults.crash_at = None
    stage.clock.advance(HOUR)
    stage.minutes(1, stage.first)
    kept = stage.kept.get("ten-minutes")
    assert killed.fires_at in kept.recent
    assert killed.fires_at not in dict(kept.gaps)
    assert set(dict(kept.gaps).values()) == {"missed"}, "the others have no job"


def test_a_job_that_a_killed_run_made_of_a_firing_that_counts_as_missed_is_not_overtaken(stage: Stage) -> None:
    stage.add("ten-minutes", "*/10 * * * *", catch_up=1, overlap="skip")
    stage.clock.advance(500)
    stage.faults.crash_at = next_replace(stage, catch_up=1, overlap="skip")
    stage.run()
    (killed,) = stage.jobs()
    stage.faults.crash_at = None
    stage.clock.advance(HOUR)
    stage.minutes(1, stage.first)
    first, *others = sorted(stage.jobs(), key=lambda job: job.fires_at or 0)
    assert (first.id, [job.after for job in others]) == (killed.id, [first.id, *(job.id for job in others[:-1])])
    assert others
    assert killed.fires_at in stage.kept.get("ten-minutes").recent


def next_replace(stage: Stage, **settings: Any) -> int:
    """Return the call with which the next run writes its schedule, which has these settings."""
    twin = Stage()
    twin.add("ten-minutes", "*/10 * * * *", **settings)
    twin.clock.advance(stage.clock.now - twin.clock.now)
    twin.run()
    return stage.faults.calls + twin.faults.names.index("replace") + 1


def test_a_firing_expires_so_long_after_its_time_however_late_it_is_made(stage: Stage) -> None:
    stage.add(expires=1800)
    stage.clock.now = T0 + 3600 + 1000
    stage.run()
    (job,) = stage.jobs()
    assert (job.fires_at, job.start_by) == (T0 + 3600, T0 + 3600 + 1800)


@pytest.mark.parametrize("overlap", ["allow", "skip"])
def test_a_schedule_of_ten_seconds_makes_each_of_its_jobs_once_and_visible_in_its_second(
    stage: Stage, overlap: str
) -> None:
    stage.add("often", "@every 10s", overlap=overlap)
    began = stage.clock.now
    for _ in range(10):
        for firings in (stage.first, stage.second):
            stage.run(firings)
        stage.clock.advance(60)
    jobs = sorted(stage.jobs(), key=lambda job: job.fires_at or 0.0)
    times = [job.fires_at for job in jobs]
    assert times == [began + 10 * number for number in range(1, len(times) + 1)]
    assert len(times) >= 60
    assert all(job.run_at == job.fires_at and job.sent for job in jobs)
    seen = {message.message.id: message.visible_at for message in stage.queue.messages[NOTE.name]}
    assert all(0 <= seen[job.id] - (job.fires_at or 0.0) <= 2 for job in jobs)


def test_a_pause_cancels_the_jobs_of_the_next_two_minutes(stage: Stage) -> None:
    schedule = stage.add("often", "@every 10s")
    stage.run()
    assert len(stage.jobs()) == 12
    cancel_ahead(stage.service.dispatcher, schedule, None)
    assert {job.status for job in stage.jobs()} == {Status.CANCELLED}

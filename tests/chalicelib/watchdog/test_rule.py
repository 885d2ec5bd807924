"""Test the watchdog's decisions, state by state, with one line for each rule."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.constants import DAY, LOOK_AHEAD, OVERSLEPT
from chalicelib.jobs.job import TERMINAL, Job, Status
from chalicelib.jobs.port import Depth
from chalicelib.watchdog.constants import DOUBT_SLACK, OLD_HELD_MESSAGE, OLD_MESSAGE
from chalicelib.watchdog.rule import Expire, GiveUp, Leave, Resend, Retire, Signs, Undeclared, Wait, check

NOW = 1_800_000_000.0
EMPTY, BACKLOG = Signs(Depth()), Signs(Depth(visible=7))
UNSEEN = Signs(None, counted=False)
PAUSED = Signs(Depth(), claimed_to=NOW, paused=True)
GONE = Signs(declared=False)


def a_job(status: Status = Status.QUEUED, **fields: Any) -> Job:
    since = {"created_at": NOW - 60, "updated_at": NOW - 60, "due_at": NOW - 1, "sent": True}
    return Job("job-1", "test.note", status, **{**since, **fields})


def test_a_job_that_was_never_sent_is_sent_at_once_whatever_the_backlog() -> None:
    for signs in (EMPTY, BACKLOG, UNSEEN, PAUSED):
        assert check(a_job(sent=False), NOW, signs) == Resend(0, NOW + 60)


def test_sends_that_fail_back_off_to_20_minutes_and_count_as_stalled_from_the_second_on() -> None:
    verdicts = [check(a_job(sent=False, resends=n), NOW, EMPTY) for n in range(7)]
    pauses = (60, 120, 240, 480, 960, 1200, 1200)
    assert verdicts == [Resend(0, NOW + s, stalled=n > 0) for n, s in enumerate(pauses)]


@pytest.mark.parametrize("sent", [True, False])
def test_no_number_of_sends_ends_a_job_but_a_day_does_and_says_since_when(sent: bool) -> None:
    late = a_job(sent=sent, resends=1000, stalled_since=NOW - DAY)
    assert isinstance(check(late, NOW, EMPTY), Resend)
    verdict = check(late, NOW + 0.001, EMPTY)
    assert isinstance(verdict, GiveUp)
    assert verdict.error[0] == "Undeliverable"
    assert "since 2027-01-14T08:00:00.000Z" in verdict.error[1]
    assert "1000" in verdict.error[1]


def test_a_job_whose_send_was_never_tried_is_not_given_up_for_what_was_before() -> None:
    assert check(a_job(sent=False, stalled_since=NOW - 3 * DAY), NOW, EMPTY) == Resend(0, NOW + 60)


def test_a_sent_job_in_a_backlog_waits() -> None:
    waits = [check(a_job(updated_at=NOW - age), NOW, BACKLOG) for age in (60, 300, 600, 3600, OLD_MESSAGE)]
    assert waits == [Wait(NOW + s) for s in (300, 300, 600, 900, 900)]


@pytest.mark.parametrize("depth", [Depth(visible=1), Depth(delayed=1), Depth(in_flight=1), None])
def test_a_queue_that_holds_anything_or_is_not_seen_is_not_empty(depth: Depth | None) -> None:
    assert isinstance(check(a_job(), NOW, Signs(depth)), Wait)
    verdicts = [check(a_job(resends=n), NOW, EMPTY) for n in range(4)]
    assert verdicts == [Resend(0, NOW + s, stalled=True) for s in (300, 600, 900, 900)], "an empty one is a doubt"
    assert isinstance(check(a_job(updated_at=NOW - 60 * DAY), NOW, PAUSED), Wait), "a paused one is none"


def test_jobs_sent_well_after_it_put_a_sent_job_in_doubt() -> None:
    sent_at = NOW - 5000
    job = a_job(updated_at=sent_at)
    for claimed_to in (None, sent_at, sent_at + DOUBT_SLACK):
        assert isinstance(check(job, NOW, Signs(Depth(visible=7), claimed_to)), Wait)
    assert check(job, NOW, Signs(Depth(visible=7), sent_at + DOUBT_SLACK + 1)) == Resend(0, NOW + 300, stalled=True)


def test_a_message_that_was_sent_again_is_in_doubt_by_what_was_sent_after_it() -> None:
    """The new message is behind all messages that were sent before it, and workers reach it a backlog later."""
    job = a_job(updated_at=NOW - DAY, stalled_since=NOW - 9000, resends=1, resent_at=NOW - 9000)
    backlog = Depth(visible=7)
    for claimed_to in (NOW - DAY + DOUBT_SLACK + 1, NOW - 9000 + DOUBT_SLACK):
        assert check(job, NOW, Signs(backlog, claimed_to)) == Wait(NOW + 900)
    assert check(job, NOW, Signs(backlog, NOW - 9000 + DOUBT_SLACK + 1)) == Resend(0, NOW + 600, stalled=True)
    assert check(job, NOW, EMPTY) == Resend(0, NOW + 600, stalled=True)


def test_nobody_is_given_up_behind_a_backlog_of_more_than_a_day() -> None:
    """The job's last message is behind earlier ones: workers reach it more than a day after it was sent."""
    job = a_job(updated_at=NOW - 2.5 * DAY, stalled_since=NOW - 1.25 * DAY, resends=90)
    behind = Signs(Depth(visible=900_000), claimed_to=NOW - 1.25 * DAY)
    assert isinstance(check(job, NOW, behind), Resend)
    passed = Signs(Depth(visible=900_000), claimed_to=NOW - 0.2 * DAY)
    assert isinstance(check(job, NOW, passed), GiveUp)
    assert isinstance(check(job, NOW, EMPTY), GiveUp)


def test_age_alone_sends_again_before_the_queue_drops_the_message_and_never_ends_a_job() -> None:
    for status, age in (
        (Status.QUEUED, OLD_MESSAGE),
        (Status.PROCESSING, OLD_HELD_MESSAGE),
        (Status.RETRYING, OLD_HELD_MESSAGE),
    ):
        at = NOW - age
        fields = {"updated_at": at, "lease_until": at, "next_attempt_at": at if status is Status.RETRYING else None}
        assert isinstance(check(a_job(status, **fields), NOW, BACKLOG), Wait), status
        old = a_job(status, stalled_since=NOW - 9 * DAY, **fields)
        verdicts = [check(old, NOW + 1, BACKLOG), check(a_job(status, resends=99, **fields), NOW + 1, BACKLOG)]
        assert verdicts == [Resend(0, NOW + 1 + 3600), Resend(0, NOW + 1 + DAY / 2)], status
    assert OLD_MESSAGE == 3.5 * DAY


def test_a_job_that_runs_or_backs_off_is_left_alone_until_a_minute_after_its_lease_or_time() -> None:
    running = a_job(Status.PROCESSING, lease_until=NOW + 30)
    assert check(running, NOW, EMPTY) == Wait(NOW + 90)
    lost = a_job(Status.PROCESSING, lease_until=NOW - 30)
    assert check(lost, NOW, EMPTY) == Wait(NOW + 30), "its message comes back by itself, 10 s after the lease"
    long_lost = a_job(Status.PROCESSING, lease_until=NOW - 60)
    assert check(long_lost, NOW, EMPTY) == Resend(0, NOW + 300, stalled=True)
    assert check(long_lost, NOW, BACKLOG) == Wait(NOW + 300)
    assert check(a_job(Status.RETRYING, next_attempt_at=NOW + 200), NOW, EMPTY) == Wait(NOW + 260)
    retried = check(a_job(Status.RETRYING, next_attempt_at=NOW - 60), NOW, EMPTY)
    assert retried == Resend(0, NOW + 300, stalled=True)


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.RETRYING])
def test_a_planned_job_is_sent_14_minutes_ahead_with_the_rest_as_delay(status: Status) -> None:
    at = NOW + LOOK_AHEAD
    assert LOOK_AHEAD == 840
    due = a_job(status, sent=False, next_attempt_at=at)
    assert check(due, NOW, BACKLOG) == Resend(840, at + 60)
    assert check(due, NOW + 0.5, BACKLOG) == Resend(840, at + 60), "never before its time"
    far = a_job(status, sent=False, next_attempt_at=NOW + 5000)
    assert check(far, NOW, BACKLOG) == Wait(NOW + 5000 - LOOK_AHEAD)
    sent = a_job(status, next_attempt_at=at)
    assert check(sent, NOW, EMPTY) == Wait(at + 60)
    late = a_job(status, sent=False, next_attempt_at=NOW - 500)
    assert check(late, NOW, BACKLOG) == Resend(0, NOW + 60)


def test_a_suspended_job_that_nobody_woke_in_time_counts_as_stalled() -> None:
    due = NOW - OVERSLEPT
    asleep = a_job(Status.SUSPENDED, sent=False, waits="time", next_attempt_at=due, parked_until=due)
    for job, stalled in ((asleep, False), (replace(asleep, next_attempt_at=due - 1), True)):
        verdict = check(job, NOW, Signs())
        assert isinstance(verdict, Resend)
        assert verdict.stalled is stalled


def test_a_stale_index_and_finished_jobs_are_left_alone() -> None:
    assert check(a_job(due_at=NOW + 1, sent=False), NOW, EMPTY) == Leave()
    for status in TERMINAL:
        assert check(a_job(status, sent=False), NOW, EMPTY) == Leave()
        assert check(a_job(status, sent=False), NOW, GONE) == Leave()


def test_a_job_of_a_removed_type_is_retired_an_hour_after_it_was_first_seen() -> None:
    assert check(a_job(), NOW, GONE) == Undeclared(NOW + 3600)
    assert check(a_job(stalled_since=NOW - 3599), NOW, GONE) == Undeclared(NOW + 3600)
    assert check(a_job(stalled_since=NOW - 3600), NOW, GONE) == Retire()
    kept_from_running = a_job(stalled_since=NOW - 9000, deferred=False)
    assert check(kept_from_running, NOW, GONE) == Undeclared(NOW + 3600), (
        "a worker could not run it: the hour begins now"
    )
    change = transitions.check_undeclared(kept_from_running, now=NOW, until=NOW + 3600)
    assert (change.values["stalled_since"], change.values["deferred"]) == (NOW, None)
    resent = a_job(stalled_since=NOW - 9000, resends=2)
    assert check(resent, NOW, GONE) == Undeclared(NOW + 3600), "it was stalled for another reason"
    running = a_job(Status.PROCESSING, lease_until=NOW + 30, stalled_since=NOW - 9000)
    assert check(running, NOW, GONE) == Wait(NOW + 150), "it keeps its lease"
    assert check(a_job(Status.PROCESSING, lease_until=NOW - 61, stalled_since=NOW - 9000), NOW, GONE) == Retire()


def test_what_waits_as_it_should_is_not_even_read() -> None:
    assert EMPTY.horizon(NOW) == UNSEEN.horizon(NOW) == GONE.horizon(NOW) == NOW
    assert PAUSED.horizon(NOW) is None
    assert BACKLOG.horizon(NOW) == NOW - OLD_MESSAGE
    assert Signs(Depth(visible=1), claimed_to=NOW - 900).horizon(NOW) == NOW - 900
    assert Signs(None, claimed_to=NOW - 9 * DAY).horizon(NOW) == NOW - OLD_MESSAGE


@pytest.mark.parametrize("signs", [EMPTY, BACKLOG, UNSEEN, PAUSED, GONE])
@pytest.mark.parametrize("status", [Status.QUEUED, Status.SCHEDULED, Status.RETRYING])
def test_a_job_that_has_not_begun_in_time_expires_whatever_its_queue_does(status: Status, signs: Signs) -> None:
    assert check(a_job(status, start_by=NOW - 0.001), NOW, signs) == Expire()
    assert check(a_job(status, start_by=NOW), NOW, signs) != Expire()


def test_a_job_that_expires_is_looked_at_then() -> None:
    assert check(a_job(start_by=NOW + 20), NOW, BACKLOG) == Wait(NOW + 20)
    assert check(a_job(start_by=NOW + 20, sent=False), NOW, EMPTY) == Resend(0, NOW + 20)
    assert check(a_job(start_by=NOW + 900), NOW, BACKLOG) == Wait(NOW + 300)

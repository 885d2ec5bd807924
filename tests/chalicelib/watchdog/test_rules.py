"""What the watchdog decides, state by state: pure, so every row of the rules is one line here."""

from typing import Any

from chalicelib.jobs.job import TERMINAL, Job, Status
from chalicelib.jobs.limits import LOOK_AHEAD
from chalicelib.jobs.ports import Depth
from chalicelib.watchdog.rules import (
    MOST_FAILED_SENDS,
    MOST_RESENDS,
    Bury,
    Leave,
    Resend,
    Wait,
    watch,
)

NOW = 1_800_000_000.0
EMPTY, BACKLOG = Depth(), Depth(visible=7)


def a_job(status: Status = Status.QUEUED, **fields: Any) -> Job:
    since = {"created_at": NOW - 60, "updated_at": NOW - 60, "due_at": NOW - 1, "sent": True}
    return Job("job-1", "test.note", status, **{**since, **fields})


def test_a_job_that_was_never_sent_is_sent_at_once_whatever_the_backlog() -> None:
    for depth in (EMPTY, BACKLOG):
        assert watch(a_job(sent=False), NOW, depth) == Resend(0, NOW + 60)


def test_sends_that_fail_back_off_to_20_minutes_and_end_after_hours() -> None:
    waits = [watch(a_job(sent=False, resends=n), NOW, EMPTY) for n in range(MOST_FAILED_SENDS)]
    spent = [w.until - NOW for w in waits if isinstance(w, Resend)]
    assert spent[:6] == [60, 120, 240, 480, 960, 1200]
    assert 5 * 3600 < sum(spent) < 7 * 3600
    verdict = watch(a_job(sent=False, resends=MOST_FAILED_SENDS), NOW, EMPTY)
    assert isinstance(verdict, Bury)
    assert verdict.error[0] == "Undeliverable"


def test_a_sent_job_is_sent_again_only_when_nothing_is_visible() -> None:
    assert watch(a_job(), NOW, EMPTY) == Resend(0, NOW + 300)
    assert watch(a_job(), NOW, BACKLOG) == Wait(NOW + 300)


def test_a_backlog_is_asked_less_and_less_often() -> None:
    waits = [watch(a_job(updated_at=NOW - age), NOW, BACKLOG) for age in (60, 300, 600, 1200, 100_000)]
    assert waits == [Wait(NOW + s) for s in (300, 300, 600, 1200, 7200)]


def test_resends_double_their_patience_and_end() -> None:
    verdicts = [watch(a_job(resends=n), NOW, EMPTY) for n in range(MOST_RESENDS + 1)]
    assert verdicts[:-1] == [Resend(0, NOW + 300 * 2**n) for n in range(MOST_RESENDS)]
    assert isinstance(verdicts[-1], Bury)
    assert verdicts[-1].error[0] == "Undeliverable"
    assert "6 times" in verdicts[-1].error[1]


def test_a_running_job_is_left_alone_until_a_minute_after_its_lease() -> None:
    running = a_job(Status.PROCESSING, lease_until=NOW + 30)
    assert watch(running, NOW, EMPTY) == Wait(NOW + 90)
    lost = a_job(Status.PROCESSING, lease_until=NOW - 30)
    assert watch(lost, NOW, EMPTY) == Wait(NOW + 30), "its message comes back by itself, 10 s after the lease"
    long_lost = a_job(Status.PROCESSING, lease_until=NOW - 60)
    assert watch(long_lost, NOW, EMPTY) == Resend(0, NOW + 300)
    assert watch(long_lost, NOW, BACKLOG) == Wait(NOW + 300)


def test_a_job_that_backs_off_is_left_alone_until_a_minute_after_its_time() -> None:
    assert watch(a_job(Status.RETRYING, next_attempt_at=NOW + 200), NOW, EMPTY) == Wait(NOW + 260)
    assert watch(a_job(Status.RETRYING, next_attempt_at=NOW - 60), NOW, EMPTY) == Resend(0, NOW + 300)


def test_a_scheduled_job_is_sent_two_minutes_ahead_with_the_rest_as_delay() -> None:
    at = NOW + LOOK_AHEAD
    due = a_job(Status.SCHEDULED, sent=False, run_at=at, next_attempt_at=at)
    assert watch(due, NOW, BACKLOG) == Resend(120, at + 60)
    assert watch(due, NOW + 0.5, BACKLOG) == Resend(120, at + 60), "never before its time"
    far = a_job(Status.SCHEDULED, sent=False, run_at=NOW + 5000, next_attempt_at=NOW + 5000)
    assert watch(far, NOW, BACKLOG) == Wait(NOW + 5000 - LOOK_AHEAD)
    sent = a_job(Status.SCHEDULED, run_at=at, next_attempt_at=at)
    assert watch(sent, NOW, EMPTY) == Wait(at + 60)
    late = a_job(Status.SCHEDULED, sent=False, run_at=NOW - 500, next_attempt_at=NOW - 500)
    assert watch(late, NOW, BACKLOG) == Resend(0, NOW + 60)


def test_a_stale_index_and_finished_jobs_are_left_alone() -> None:
    assert watch(a_job(due_at=NOW + 1, sent=False), NOW, EMPTY) == Leave()
    for status in TERMINAL:
        assert watch(a_job(status, sent=False), NOW, EMPTY) == Leave()

"""What the watchdog decides about a message in a dead-letter queue: every row of the rules is one line here."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.limits import DAY, LOOK_AHEAD, MOST_CLAIMS
from chalicelib.jobs.port import Depth, Message
from chalicelib.watchdog.dead_letter_rule import Keep, Redeliver, Remove, sweep
from chalicelib.watchdog.rule import GiveUp, Resend, Signs, check

NOW = 1_800_000_000.0
EMPTY = Signs(Depth())
MESSAGE = Message("job-1", 1, "test.note")


def a_job(status: Status = Status.QUEUED, **fields: Any) -> Job:
    since = {"created_at": NOW - 60, "updated_at": NOW - 60, "due_at": NOW - 1, "sent": True}
    return Job("job-1", "test.note", status, **{**since, **fields})


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_a_dead_letter_of_a_finished_job_is_removed(status: Status) -> None:
    assert isinstance(sweep(Message("job-1", 1, "test.note"), a_job(status), NOW), Remove)


def test_a_dead_letter_of_a_dead_job_is_the_evidence_and_stays() -> None:
    assert sweep(Message("job-1", 1, "test.note"), a_job(Status.DEAD_LETTER), NOW) == Keep()


def test_a_dead_letter_of_a_key_is_removed_so_that_those_behind_it_are_seen() -> None:
    message = Message("job-1", 1, "test.note")
    assert isinstance(sweep(message, a_job(Status.DEAD_LETTER), NOW, serial=True), Remove)
    assert sweep(message, a_job(Status.DEAD_LETTER, gen=0), NOW, serial=True) == Keep(), "of a newer generation"


def test_a_dead_letter_of_an_older_generation_or_of_no_job_is_removed() -> None:
    for status in Status:
        assert isinstance(sweep(Message("job-1", 1, "test.note"), a_job(status, gen=2), NOW), Remove)
    assert isinstance(sweep(Message("job-1", 1, "test.note"), None, NOW), Remove)


def test_a_dead_letter_nobody_can_read_or_of_a_newer_generation_stays() -> None:
    assert sweep(None, None, NOW) == Keep(malformed=True)
    assert sweep(Message("job-1", 2, "test.note"), a_job(Status.QUEUED), NOW) == Keep()


@pytest.mark.parametrize(
    "job",
    [
        a_job(updated_at=NOW - 5),
        a_job(Status.SCHEDULED, next_attempt_at=NOW - 5),
        a_job(Status.RETRYING, attempts=2, next_attempt_at=NOW - 5),
        a_job(Status.PROCESSING, attempts=2, lease_until=NOW - 61),
    ],
    ids=lambda job: str(job.status),
)
def test_a_job_that_can_still_run_gets_a_fresh_message_at_once_and_then_less_and_less_often(job: Job) -> None:
    pauses = []
    for _ in range(9):
        verdict = sweep(MESSAGE, job, NOW)
        assert isinstance(verdict, Redeliver)
        pauses.append(verdict.due_at - NOW)
        called_for = transitions.redeliver(job, now=NOW, due_at=verdict.due_at)
        sent = check(replace(job, sent=False), NOW, EMPTY)
        assert isinstance(sent, Resend)
        looked = transitions.check(job, until=sent.until, resent=True)
        job = replace(job, resends=job.resends + called_for.increments["resends"] + looked.increments["resends"])
    assert pauses == [0, 60, 180, 420, 900, 900, 900, 900, 900]


def test_a_job_that_had_thousands_of_messages_gets_another_one() -> None:
    assert sweep(MESSAGE, a_job(resends=9_999), NOW) == Redeliver(NOW + 900)


def test_a_job_that_backs_off_gets_its_fresh_message_ahead_of_its_time() -> None:
    job = a_job(Status.RETRYING, attempts=2, next_attempt_at=NOW + 5000)
    assert sweep(MESSAGE, job, NOW) == Redeliver(NOW + 5000 - LOOK_AHEAD)


def test_a_job_that_is_to_be_sent_anyway_needs_no_second_message() -> None:
    assert isinstance(sweep(MESSAGE, a_job(sent=False), NOW), Remove)


def test_a_job_that_is_held_keeps_its_message_until_a_minute_after_the_lease() -> None:
    held = a_job(Status.PROCESSING, attempts=1, lease_until=NOW - 59)
    assert sweep(MESSAGE, held, NOW) == Keep()
    assert sweep(MESSAGE, held, NOW + 2) == Redeliver(NOW + 2)


def test_only_spent_attempts_spent_claims_or_a_day_of_stalling_end_a_job() -> None:
    for attempts in range(3):
        assert isinstance(sweep(MESSAGE, a_job(attempts=attempts, resends=1000), NOW), Redeliver)
    spent = sweep(MESSAGE, a_job(Status.PROCESSING, attempts=3, lease_until=NOW - 61), NOW)
    claimed = sweep(MESSAGE, a_job(attempts=1, claims=MOST_CLAIMS), NOW)
    stalled = sweep(MESSAGE, a_job(stalled_since=NOW - DAY), NOW)
    assert [v.error[0] for v in (spent, claimed, stalled) if isinstance(v, GiveUp)] == [
        "WorkerLost", "TooManyClaims", "Undeliverable",
    ]  # fmt: skip
    assert isinstance(sweep(MESSAGE, a_job(stalled_since=NOW - DAY + 1), NOW), Redeliver)


def test_what_the_watchdog_says_of_a_job_it_gives_up_is_kept_whole() -> None:
    lost = a_job(Status.PROCESSING, attempts=3, lease_until=NOW - 61)
    verdicts = (
        check(a_job(sent=False, resends=1000, stalled_since=NOW - DAY - 1), NOW, EMPTY),
        check(a_job(resends=1000, stalled_since=NOW - DAY - 1), NOW, EMPTY),
        sweep(MESSAGE, lost, NOW),
        sweep(MESSAGE, a_job(attempts=1, claims=MOST_CLAIMS), NOW),
        sweep(MESSAGE, a_job(stalled_since=NOW - DAY), NOW),
    )
    for verdict in verdicts:
        assert isinstance(verdict, GiveUp)
        given_up = transitions.give_up(lost, now=NOW, error=verdict.error).applied(lost)
        assert (given_up.error_class, given_up.error_message) == verdict.error

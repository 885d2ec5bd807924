"""Test the watchdog's decision about a message in a dead-letter queue, with one line for each rule."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.constants import DAY, LOOK_AHEAD, MOST_CLAIMS
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Depth, Message
from chalicelib.watchdog.dead_letter_rule import Keep, Redeliver, Remove, sweep
from chalicelib.watchdog.rule import GiveUp, Resend, Signs, check

NOW = 1_800_000_000.0
EMPTY = Signs(Depth())
MESSAGE = Message("job-1", 1, "test.note")


def a_job(status: Status = Status.QUEUED, **fields: Any) -> Job:
    since = {"created_at": NOW - 60, "updated_at": NOW - 60, "due_at": NOW - 1, "sent": True}
    return Job("job-1", "test.note", status, **{**since, **fields})


HELD = a_job(Status.PROCESSING, attempts=1, lease_until=NOW - 59)
LATER = a_job(Status.RETRYING, attempts=2, next_attempt_at=NOW + 5000)


@pytest.mark.parametrize(
    ("message", "job", "serial", "verdict"),
    [
        *((MESSAGE, a_job(status), False, Remove) for status in (Status.COMPLETED, Status.FAILED, Status.CANCELLED)),
        *((MESSAGE, a_job(status, gen=2), False, Remove) for status in Status),
        (MESSAGE, None, False, Remove),
        (MESSAGE, a_job(Status.DEAD_LETTER), False, Keep()),  # keep the message as evidence
        (MESSAGE, a_job(Status.DEAD_LETTER), True, Remove),  # remove it, so that later messages of its key are visible
        (Message("job-1", 2, "test.note"), a_job(Status.DEAD_LETTER), True, Keep()),
        (Message("job-1", 2, "test.note"), a_job(), False, Keep()),
        (None, None, False, Keep(malformed=True)),
        (MESSAGE, a_job(sent=False), False, Remove),  # the job is sent in any case
        (MESSAGE, LATER, False, Redeliver(NOW + 5000 - LOOK_AHEAD)),
        (MESSAGE, HELD, False, Keep()),
        (MESSAGE, replace(HELD, lease_until=NOW - 61), False, Redeliver(NOW)),
    ],
)
def test_a_dead_letter_is_removed_kept_or_replaced(
    message: Message | None, job: Job | None, serial: bool, verdict: Keep | Redeliver | type[Remove]
) -> None:
    found = sweep(message, job, NOW, serial=serial)
    assert isinstance(found, Remove) if verdict is Remove else found == verdict


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

"""Test what happens to a message whose claim was refused: every pair of job state and message."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import MalformedMessage
from chalicelib.job_types.constants import SPARE_RECEIVES
from chalicelib.jobs.constants import MOST_CLAIMS, UNKNOWN_HOLDS
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message import parse_message, write_message
from chalicelib.jobs.message_fate import (
    Drop,
    GiveUpLost,
    Hold,
    TakeOver,
    after_refusal,
    malformed,
    unavailable,
    unknown,
)
from chalicelib.jobs.port import Message

NOW = 1_800_000_000.0
MESSAGE = Message("job-1", 2, "test.note")
OLDER, NEWER = Message("job-1", 1, "test.note"), Message("job-1", 3, "test.note")
SLOWEST_WRITE = 18.0
"""Seconds: three tries of 5 s each, and pauses of up to 1 and 2 s between them."""


def a_job(status: Status, **fields: Any) -> Job:
    return Job("job-1", "test.note", status, NOW, NOW, **{"gen": 2, "attempts": 1, **fields})


def decide(job: Job, message: Message = MESSAGE) -> object:
    return after_refusal(message, job, NOW, lambda low, _high: low)


def test_a_message_without_a_job_is_held_for_longer_than_it_takes_to_store_one_and_then_acknowledged() -> None:
    ends = [unknown(receives, young=True) for receives in range(1, 9)]
    assert unknown(1, young=False) == Drop("job not found"), "nobody stores it any more"
    held = [end.seconds for end in ends if isinstance(end, Hold)]
    assert held == [*UNKNOWN_HOLDS], "the shortest first: most jobs are stored at once"
    assert ends[len(held) :] == [Drop("job not found")] * (8 - len(held))
    waited = list(itertools.accumulate(seconds or 0 for seconds in held))
    # a message that is not dead-lettered before its third receive is kept for longer than the slowest write takes
    assert waited[2] > SLOWEST_WRITE
    assert SPARE_RECEIVES + 1 >= 3


@pytest.mark.parametrize("status", list(Status))
def test_an_older_generation_is_acknowledged_and_a_newer_one_never(status: Status) -> None:
    job = a_job(status, lease_until=NOW - 1)
    assert isinstance(decide(job, OLDER), Drop)
    assert isinstance(decide(job, NEWER), Hold)


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_a_message_of_a_finished_job_is_acknowledged(status: Status) -> None:
    verdict = decide(a_job(status))
    assert isinstance(verdict, Drop)
    assert verdict.duplicate == (status is not Status.CANCELLED), "nobody ran what was cancelled"


def test_a_message_of_a_dead_letter_is_left_to_redrive_at_once() -> None:
    assert decide(a_job(Status.DEAD_LETTER)) == Hold(0, "awaiting redrive", over=True)


def test_a_duplicate_under_a_live_lease_is_held_past_its_end_and_never_acknowledged() -> None:
    for left, seconds in ((30.2, 32), (0.0, 1)):
        verdict = decide(a_job(Status.PROCESSING, lease_until=NOW + left))
        assert isinstance(verdict, Hold)
        assert (verdict.seconds, verdict.duplicate) == (seconds, True)


def test_an_expired_lease_is_taken_over_while_attempts_are_left() -> None:
    job = a_job(Status.PROCESSING, lease_until=NOW - 0.001)
    assert decide(job) == TakeOver(job)
    lost = a_job(Status.PROCESSING, lease_until=NOW - 0.001, attempts=3)
    waits = a_job(Status.RETRYING, attempts=3, next_attempt_at=NOW - 1)
    assert decide(lost) == GiveUpLost(lost, unless_kept=True)
    assert decide(waits) == GiveUpLost(waits)


def test_claims_that_gave_their_attempt_back_are_bounded_too() -> None:
    one_is_left = a_job(Status.PROCESSING, lease_until=NOW - 1, claims=MOST_CLAIMS - 1)
    assert decide(one_is_left) == TakeOver(one_is_left)
    for status in (Status.PROCESSING, Status.RETRYING):
        spent = a_job(status, lease_until=NOW - 1, claims=MOST_CLAIMS)
        assert decide(spent) == GiveUpLost(spent)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RETRYING, Status.SCHEDULED])
def test_a_message_before_its_time_is_held_until_it_and_no_longer_than_a_second_after(status: Status) -> None:
    verdict = decide(a_job(status, sent=True, next_attempt_at=NOW + 41.5))
    assert verdict == Hold(42, "not due yet")
    assert decide(a_job(status)) == Hold(1, "lost a race")
    assert decide(a_job(status, next_attempt_at=NOW)) == Hold(1, "lost a race")
    if status is not Status.QUEUED:
        assert decide(a_job(status, next_attempt_at=NOW + 41.5)) == Drop("parked"), "on record as unsent"


def test_a_message_that_aws_kept_from_being_handled_waits_longer_each_time_up_to_a_quarter_of_an_hour() -> None:
    longest = [unavailable(n, lambda _, high: high).seconds for n in (1, 2, 3, 4, 5, 6, 10_000)]
    shortest = [unavailable(n, lambda low, _: low).seconds for n in (1, 2, 3, 4, 5, 6)]
    assert longest == [5, 15, 45, 135, 405, 900, 900]
    assert shortest == [3, 8, 23, 68, 203, 450]
    # so that a bad deploy does not remove all messages from a queue
    assert [malformed(n).seconds for n in (1, 2, 8, 9, 13, 10_000)] == [2, 4, 256, 300, 300, 300]


BODY: dict[str, Any] = {"v": 1, "id": "job-1", "gen": 1, "type": "email.send", "cid": "c"}


@given(st.builds(Message, st.text(min_size=1), st.integers(1, 10**6), st.text(), st.text()))
def test_a_message_is_read_as_it_was_written(message: Message) -> None:
    assert parse_message(write_message(message)) == message


def test_what_a_later_version_adds_is_ignored_and_a_missing_correlation_is_none() -> None:
    assert parse_message(json.dumps({**BODY, "more": [1]})) == Message("job-1", 1, "email.send", "c")
    assert parse_message(json.dumps({k: v for k, v in BODY.items() if k != "cid"})).cid == ""


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "JSON"),
        ("not json", "JSON"),
        ("[" * 100_000, "JSON"),
        ("[]", "object"),
        ("null", "object"),
        (json.dumps({**BODY, "v": 2}), "version is 2"),
        (json.dumps({k: v for k, v in BODY.items() if k != "v"}), "version is None"),
        (json.dumps({**BODY, "id": ""}), "id"),
        (json.dumps({**BODY, "type": None}), "type"),
        (json.dumps({**BODY, "cid": 7}), "cid"),
        (json.dumps({**BODY, "gen": 0}), "gen"),
        (json.dumps({**BODY, "gen": "1"}), "gen"),
        (json.dumps({**BODY, "gen": 1.0}), "gen"),
        (json.dumps({**BODY, "gen": True}), "gen"),
    ],
)
def test_what_is_no_message_says_why(body: str, why: str) -> None:
    with pytest.raises(MalformedMessage, match=why):
        parse_message(body)

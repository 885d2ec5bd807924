"""What the watchdog decides about a message in a dead-letter queue: pure, so every row of the rules is one line here."""

from typing import Any

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.ports import Depth, Nudge
from chalicelib.watchdog.dead_letter_rules import Keep, Remove, sweep
from chalicelib.watchdog.rules import MOST_FAILED_SENDS, MOST_RESENDS, Bury, watch

NOW = 1_800_000_000.0
EMPTY, BACKLOG = Depth(), Depth(visible=7)


def a_job(status: Status = Status.QUEUED, **fields: Any) -> Job:
    since = {"created_at": NOW - 60, "updated_at": NOW - 60, "due_at": NOW - 1, "sent": True}
    return Job("job-1", "test.note", status, **{**since, **fields})


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_a_dead_letter_of_a_finished_job_is_removed(status: Status) -> None:
    assert isinstance(sweep(Nudge("job-1", 1, "test.note"), a_job(status), NOW), Remove)


def test_a_dead_letter_of_a_dead_job_is_the_evidence_and_stays() -> None:
    assert sweep(Nudge("job-1", 1, "test.note"), a_job(Status.DEAD_LETTER), NOW) == Keep()


def test_a_dead_letter_of_an_older_generation_or_of_no_job_is_removed() -> None:
    for status in Status:
        assert isinstance(sweep(Nudge("job-1", 1, "test.note"), a_job(status, gen=2), NOW), Remove)
    assert isinstance(sweep(Nudge("job-1", 1, "test.note"), None, NOW), Remove)


def test_a_dead_letter_nobody_can_read_or_of_a_newer_generation_stays() -> None:
    assert sweep(None, None, NOW) == Keep(malformed=True)
    assert sweep(Nudge("job-1", 2, "test.note"), a_job(Status.QUEUED), NOW) == Keep()


def test_a_dead_letter_of_a_job_nobody_claims_ends_it() -> None:
    nudge = Nudge("job-1", 1, "test.note")
    for job in (
        a_job(updated_at=NOW - 61),
        a_job(Status.RETRYING, next_attempt_at=NOW - 61),
        a_job(Status.PROCESSING, lease_until=NOW - 61),
    ):
        verdict = sweep(nudge, job, NOW)
        assert isinstance(verdict, Bury), job.status
        assert verdict.error[0] == "Redriven"


def test_a_dead_letter_of_a_job_that_may_still_run_stays_for_now() -> None:
    nudge = Nudge("job-1", 1, "test.note")
    for job in (
        a_job(updated_at=NOW - 30),
        a_job(Status.RETRYING, next_attempt_at=NOW + 10),
        a_job(Status.PROCESSING, lease_until=NOW + 10),
    ):
        assert sweep(nudge, job, NOW) == Keep(), job.status


def test_what_the_watchdog_says_of_a_job_it_gives_up_is_kept_whole() -> None:
    lost = a_job(Status.PROCESSING, lease_until=NOW - 61)
    verdicts = (
        watch(a_job(sent=False, resends=MOST_FAILED_SENDS), NOW, EMPTY),
        watch(a_job(resends=MOST_RESENDS), NOW, EMPTY),
        sweep(Nudge("job-1", 1, "test.note"), lost, NOW),
    )
    for verdict in verdicts:
        assert isinstance(verdict, Bury)
        buried = transitions.bury(lost, now=NOW, error=verdict.error).applied(lost)
        assert (buried.error_class, buried.error_message) == verdict.error

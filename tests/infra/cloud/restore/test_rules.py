"""How a lost job comes back: nothing runs by itself unless the operator says so, and then with tokens of its own."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import ACTIVE, TERMINAL, Job, Status
from chalicelib.jobs.limits import DAY, LOOK_AHEAD, SEND_GRACE
from chalicelib.jobs.message_fate import Drop, after_refusal
from chalicelib.jobs.port import Message
from chalicelib.watchdog.rule import Resend, Signs, check
from infra.cloud.restore.rules import revived
from tests.support import T0, a_job

NOW = T0 + DAY
BY = Claimant("request-9", False, 1)
HELD = {"lease_until": T0 + 50, "started_at": T0, "attempts": 1, "claims": 1, "sent": True, "progress": 50.0}
LOST: dict[str, Job] = {
    "queued": a_job(sent=True),
    "processing": a_job(status=Status.PROCESSING, **HELD),
    "retrying": a_job(status=Status.RETRYING, attempts=1, claims=1, next_attempt_at=T0 + 9, error_class="Boom"),
    "parked": a_job(
        status=Status.RETRYING, attempts=1, claims=2, next_attempt_at=NOW + 5000, parked_until=NOW + 5000, sent=False
    ),
    "scheduled": a_job(status=Status.SCHEDULED, run_at=NOW + 5000, next_attempt_at=NOW + 5000, gen=3),
    "scheduled, overdue": a_job(status=Status.SCHEDULED, run_at=T0 + 9, next_attempt_at=T0 + 9),
}


def back(lost: Job, *, run: bool = False) -> Job:
    return revived(lost, at=T0, now=NOW, run=run)


@pytest.mark.parametrize("status", sorted(TERMINAL))
@pytest.mark.parametrize("run", [False, True])
def test_a_finished_job_is_as_it_was(status: Status, run: bool) -> None:
    lost = a_job(status=status, attempts=2, claims=3, gen=2, result={"x": 1}, finished_at=T0, expires_at=T0 + DAY * 30)
    found = back(lost, run=run)
    assert replace(found, updated_at=lost.updated_at, writer=lost.writer) == lost
    assert found.updated_at == NOW
    assert found.writer != lost.writer


@pytest.mark.parametrize("name", LOST)
def test_an_unfinished_job_is_failed_and_says_why(name: str) -> None:
    found = back(LOST[name])
    assert (found.status, found.error_class) == (Status.FAILED, "Restored")
    assert str(LOST[name].status) in (found.error_message or "")
    assert name != "scheduled" or "for 2027-01-16T09:23:20.000Z" in (found.error_message or "")
    assert (found.lease_until, found.next_attempt_at, found.progress, found.finished_at) == (None, None, None, NOW)
    assert found.expires_at == NOW + 90 * DAY
    assert found.fingerprint
    assert (found.payload, found.attempts, found.gen) == (LOST[name].payload, LOST[name].attempts, LOST[name].gen)


@pytest.mark.parametrize("name", LOST)
def test_with_run_it_goes_on_in_a_new_generation_at_its_time(name: str) -> None:
    lost = LOST[name]
    found = back(lost, run=True)
    assert found.status in ACTIVE - {Status.PROCESSING}
    assert (found.gen, found.claims, found.attempts) == (lost.gen + 1, 0, lost.attempts)
    assert (found.sent, found.lease_until, found.stalled_since) == (False, None, None)
    later = name in ("parked", "scheduled")
    assert found.status is (lost.status if later else Status.QUEUED)
    assert found.next_attempt_at == (NOW + 5000 if later else None)
    assert found.due_at == (NOW + 5000 - LOOK_AHEAD if later else NOW + SEND_GRACE)


@pytest.mark.parametrize(
    "spent", [{"attempts": 3}, {"claims": 10_000}, {"cancel_requested": True}], ids=["attempts", "claims", "stop"]
)
def test_what_may_not_run_any_more_does_not(spent: dict[str, Any]) -> None:
    assert back(a_job(status=Status.PROCESSING, **{**HELD, **spent}), run=True).status is Status.FAILED


@pytest.mark.parametrize("name", LOST)
def test_a_message_from_before_starts_nothing(name: str) -> None:
    lost, found = LOST[name], back(LOST[name], run=True)
    claim = transitions.claim(lost.gen, now=NOW + 9000, lease_until=NOW + 9999, by=BY)
    assert not claim.allowed(found)
    fate = after_refusal(Message(lost.id, lost.gen, lost.type), found, NOW + 9000, lambda low, _: low)
    assert fate == Drop("older generation")


def test_a_worker_from_before_can_write_nothing() -> None:
    held = LOST["processing"]
    for run in (False, True):
        for late in (
            transitions.complete(held, now=NOW, result=1),
            transitions.report(held, now=NOW, percent=1, note=None),
            transitions.fail(held, now=NOW, error=("X", "x")),
        ):
            assert not late.allowed(back(held, run=run))


def test_the_watchdog_sends_what_runs_again() -> None:
    found = back(LOST["processing"], run=True)
    assert isinstance(check(found, NOW + SEND_GRACE + 1, Signs(None)), Resend)

"""The doors hold by themselves: each refuses what its caller should not have asked for."""

from typing import Any

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.job import MOVES, NOTES, TERMINAL, Job, Move, Status
from chalicelib.jobs.transitions import Change, Claimant

NOW = 1_800_000_000.0
BY = Claimant("request")
ERROR = ("Some", "error")


def a_job(status: Status, **fields: Any) -> Job:
    return Job("job-1", "test.note", status, NOW, NOW, **{"attempts": 1, "due_at": NOW, **fields})


def claim(gen: int = 1) -> Change:
    return transitions.claim(gen, now=NOW, lease_until=NOW + 65, by=BY)


def every_door(found: Job) -> list[Change]:
    """Each door, opened for the job as it was found."""
    return [
        transitions.claim(found.gen, now=NOW, lease_until=NOW + 65, by=BY),
        transitions.take_over(found, now=NOW, lease_until=NOW + 65, by=BY),
        transitions.complete(found, now=NOW, result=1),
        transitions.postpone(found, now=NOW, not_before=NOW + 2, error=ERROR),
        transitions.fail(found, now=NOW, error=ERROR),
        transitions.exhaust(found, now=NOW, error=ERROR),
        transitions.stop(found, now=NOW),
        transitions.bury(found, now=NOW, error=ERROR),
        transitions.requeue(found, now=NOW),
        transitions.cancel(found, now=NOW),
        transitions.ask_to_stop(found, now=NOW),
        transitions.mark_sent(found),
        transitions.watch(found, until=NOW + 60, resent=False),
        transitions.report(found, now=NOW, percent=1, note=None),
    ]


def test_there_is_a_door_for_every_move_and_every_note() -> None:
    doors = {change.move.name for change in every_door(a_job(Status.QUEUED))}
    assert doors == {move.name for move in (*MOVES, *NOTES)}


@pytest.mark.parametrize("status", list(Status))
def test_every_other_pair_of_states_is_refused(status: Status) -> None:
    job = a_job(status, lease_until=NOW - 1, cancel_requested=False)
    allowed = {change.move for change in every_door(job) if change.allowed(job)}
    legal = {move for move in (*MOVES, *NOTES) if status in move.source}
    assert allowed == legal
    moved = {change.applied(job).status for change in every_door(job) if change.move in set(MOVES) & legal}
    assert moved == {move.target for move in MOVES if move in legal}


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_finished_job_leaves_its_state_by_the_operators_hand_only(status: Status) -> None:
    job = a_job(status)
    opened = [change.move.name for change in every_door(job) if change.allowed(job)]
    assert opened == ([] if status is Status.COMPLETED else ["requeue"])


@pytest.mark.parametrize("move", [*MOVES, *NOTES], ids=lambda move: move.name)
def test_no_door_opens_for_another_generation(move: Move) -> None:
    for status in move.source:
        job = a_job(status, gen=2, lease_until=NOW - 1)
        stale = a_job(status, gen=1, lease_until=NOW - 1)
        change = next(c for c in every_door(stale) if c.move == move)
        assert not change.allowed(job)


def test_a_claim_needs_an_attempt_that_is_left_and_its_time() -> None:
    assert claim().allowed(a_job(Status.QUEUED, attempts=2))
    assert not claim().allowed(a_job(Status.QUEUED, attempts=3))
    assert claim().allowed(a_job(Status.RETRYING, next_attempt_at=NOW))
    assert not claim().allowed(a_job(Status.RETRYING, next_attempt_at=NOW + 0.001))
    assert claim().applied(a_job(Status.QUEUED)).attempts == 2


def test_a_live_lease_is_not_taken_over_nor_buried_and_no_spent_one_taken() -> None:
    live = a_job(Status.PROCESSING, lease_until=NOW)
    lost = a_job(Status.PROCESSING, lease_until=NOW - 0.001)
    spent = a_job(Status.PROCESSING, lease_until=NOW - 0.001, attempts=3)
    for job, taken, buried in ((live, False, False), (lost, True, True), (spent, False, True)):
        assert transitions.take_over(job, now=NOW, lease_until=NOW + 65, by=BY).allowed(job) is taken
        assert transitions.bury(job, now=NOW, error=ERROR).allowed(job) is buried
    assert transitions.take_over(lost, now=NOW, lease_until=NOW + 65, by=BY).applied(lost).attempts == 2


@pytest.mark.parametrize("name", ["take_over", "complete", "postpone", "fail", "exhaust", "stop", "bury", "report"])
def test_who_lost_the_lease_is_refused(name: str) -> None:
    held = a_job(Status.PROCESSING, lease_until=NOW - 1, attempts=1)
    now_held = a_job(Status.PROCESSING, lease_until=NOW - 1, attempts=2)
    change = next(c for c in every_door(held) if c.move.name == name)
    assert change.allowed(held)
    assert not change.allowed(now_held)


def test_what_was_decided_about_a_waiting_job_does_not_bury_a_running_one() -> None:
    found = a_job(Status.QUEUED, attempts=0)
    claimed = claim().applied(found)
    assert not transitions.bury(found, now=NOW, error=ERROR).allowed(claimed)
    assert not transitions.bury(found, now=NOW, error=ERROR).allowed(a_job(Status.RETRYING, attempts=0))


def test_a_failed_attempt_is_not_retried_when_someone_asked_for_the_job_to_stop() -> None:
    held = a_job(Status.PROCESSING, lease_until=NOW + 9)
    asked = a_job(Status.PROCESSING, lease_until=NOW + 9, cancel_requested=True)
    postpone = transitions.postpone(held, now=NOW, not_before=NOW + 2, error=ERROR)
    assert postpone.allowed(held)
    assert not postpone.allowed(asked)


def test_one_look_of_the_watchdog_and_one_send_are_written_down_once() -> None:
    job = a_job(Status.QUEUED, due_at=NOW, resends=2)
    look = transitions.watch(job, until=NOW + 60, resent=True)
    after = look.applied(job)
    assert (after.due_at, after.resends) == (NOW + 60, 3)
    assert not look.allowed(after)
    sent = transitions.mark_sent(job)
    assert (sent.applied(job).sent, sent.applied(job).resends) == (True, 0)
    assert not sent.allowed(sent.applied(job))


def test_a_new_run_starts_with_a_clean_sheet() -> None:
    dead = a_job(
        Status.DEAD_LETTER, attempts=3, sent=True, resends=4, run_at=NOW - 9, next_attempt_at=NOW - 9, finished_at=NOW,
        expires_at=NOW + 9, cancel_requested=True, error_class="X", error_message="x", progress=50, progress_note="n",
        lease_until=NOW - 9,
    )  # fmt: skip
    again = transitions.requeue(dead, now=NOW).applied(dead)
    kept = ("id", "type", "payload", "max_attempts", "created_at", "tags", "principal", "started_at")
    fresh = Job("job-1", "test.note", Status.QUEUED, NOW, NOW, gen=2, due_at=NOW + 60)
    differ = {f for f in Job.__dataclass_fields__ if getattr(again, f) != getattr(fresh, f)}
    assert differ - set(kept) == {"writer"}

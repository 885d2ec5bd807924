"""Check that each transition refuses what its caller should not have requested."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.constants import LOOK_AHEAD, MOST_CLAIMS
from chalicelib.jobs.job import MOVES, NOTES, Job, Move, Status
from chalicelib.keys.rule import replace_waiting
from chalicelib.limits import turns

NOW = 1_800_000_000.0
BY = Claimant("request")
ERROR = ("Some", "error")


def a_job(status: Status, **fields: Any) -> Job:
    return Job("job-1", "test.note", status, NOW, NOW, **{"attempts": 1, "claims": 1, "due_at": NOW, **fields})


def claim(gen: int = 1) -> Change:
    return transitions.claim(gen, now=NOW, lease_until=NOW + 65, by=BY)


def every_door(found: Job) -> list[Change]:
    """Return the changes of all transitions for the job as it was read."""
    return [
        transitions.claim(found.gen, now=NOW, lease_until=NOW + 65, by=BY),
        transitions.take_over(found, now=NOW, lease_until=NOW + 65, by=BY),
        transitions.complete(found, now=NOW, result=1),
        transitions.postpone(found, now=NOW, not_before=NOW + 2, error=ERROR),
        transitions.defer(found, now=NOW, not_before=NOW + 2, error=ERROR),
        transitions.suspend(found, now=NOW, until=NOW + 999, what="time", parked=True, kept=1, progressed=False),
        transitions.wake(found, now=NOW, sent=False),
        transitions.block(found, now=NOW, limit="1.a.b"),
        transitions.unblock(found, now=NOW, limit="1.a.b", sent=False),
        transitions.block_again(found, now=NOW),
        transitions.line_up(found, now=NOW),
        transitions.fail(found, now=NOW, error=ERROR),
        transitions.exhaust(found, now=NOW, error=ERROR),
        transitions.stop(found, now=NOW),
        transitions.give_up(found, now=NOW, error=ERROR),
        transitions.retire(found, now=NOW, reason="removed"),
        transitions.expire(found, now=NOW),
        transitions.requeue(found, now=NOW),
        transitions.cancel(found, now=NOW),
        transitions.compensate(found, now=NOW),
        transitions.run_now(found, now=NOW),
        turns.wait_for_turn(found, now=NOW, turn=NOW + 9, parked=False),
        turns.wait_for_turn(found, now=NOW, turn=NOW + 999, parked=True),
        turns.give_back(found, now=NOW, turn=NOW + 9, parked=False),
        transitions.discard(found, now=NOW, by="ada", reason="test"),
        replace_waiting(found, replace(found, run_at=NOW + 9)),
        transitions.ask_to_stop(found, now=NOW),
        transitions.mark_sent(found, now=NOW),
        transitions.check(found, until=NOW + 60, resent=False),
        transitions.redeliver(replace(found, sent=True), now=NOW, due_at=NOW),
        transitions.report(found, now=NOW, percent=1, note=None),
    ]


@pytest.mark.parametrize("status", list(Status))
def test_every_other_pair_of_states_is_refused(status: Status) -> None:
    unsent = a_job(status, lease_until=NOW - 1, cancel_requested=False)
    job, new, late = replace(unsent, sent=True), replace(unsent, claims=0), replace(unsent, start_by=NOW - 1)
    placed = replace(unsent, waits="limit:1.a.b")
    allowed = {
        change.move
        for found in (unsent, job, new, late, placed)
        for change in every_door(found)
        if change.allowed(found)
    }
    legal = {move for move in (*MOVES, *NOTES) if status in move.source}
    assert allowed == legal
    moved = {change.applied(job).status for change in every_door(job) if change.move in set(MOVES) & legal}
    assert moved == {move.target for move in MOVES if move in legal}


@pytest.mark.parametrize("move", [*MOVES, *NOTES], ids=lambda move: move.name)
def test_no_door_opens_for_another_generation(move: Move) -> None:
    for status in move.source:
        job = a_job(status, gen=2, lease_until=NOW - 1)
        stale = a_job(status, gen=1, lease_until=NOW - 1)
        change = next(c for c in every_door(stale) if c.move == move)
        assert not change.allowed(job)


def test_a_job_begins_until_it_expires_and_expires_afterwards_without_an_attempt() -> None:
    for at, begins in ((NOW - 0.001, False), (NOW, True), (None, True)):
        waiting = a_job(Status.RETRYING, start_by=at)
        assert claim().allowed(waiting) is begins
        assert transitions.expire(waiting, now=NOW).allowed(waiting) is not begins
        assert waiting.expired(NOW) is not begins
    assert not a_job(Status.PROCESSING, start_by=NOW - 1).expired(NOW)
    late = a_job(Status.QUEUED, attempts=0, start_by=NOW - 1)
    ended = transitions.expire(late, now=NOW).applied(late)
    assert (ended.status, ended.attempts, ended.error_class) == (Status.CANCELLED, 0, "Expired")


def test_a_job_that_has_begun_expires_no_more() -> None:
    held = a_job(Status.PROCESSING, start_by=NOW - 1)
    failed = transitions.postpone(held, now=NOW, not_before=NOW + 2, error=ERROR)
    asked = transitions.defer(held, now=NOW, not_before=NOW + 2, error=ERROR, begun=True)
    slept = transitions.suspend(held, now=NOW, until=NOW + 9, what="time", parked=False, kept=0, progressed=False)
    unrun = transitions.defer(held, now=NOW, not_before=NOW + 2, error=ERROR)
    assert [change.applied(held).start_by for change in (failed, asked, slept)] == [None] * 3
    assert unrun.applied(held).start_by == NOW - 1
    assert (
        "start_by"
        not in transitions.postpone(replace(held, start_by=None), now=NOW, not_before=NOW, error=ERROR).values
    )


def test_a_claim_needs_an_attempt_that_is_left_and_its_time() -> None:
    assert claim().allowed(a_job(Status.QUEUED, attempts=2))
    assert not claim().allowed(a_job(Status.QUEUED, attempts=3))
    assert claim().allowed(a_job(Status.RETRYING, next_attempt_at=NOW))
    assert not claim().allowed(a_job(Status.RETRYING, next_attempt_at=NOW + 0.001))
    assert claim().applied(a_job(Status.QUEUED)).attempts == 2
    assert claim().allowed(a_job(Status.RETRYING, attempts=0, claims=MOST_CLAIMS - 1))
    assert not claim().allowed(a_job(Status.RETRYING, attempts=0, claims=MOST_CLAIMS)), "deferred for ever"


def test_a_live_lease_is_not_taken_over_nor_buried_and_no_spent_one_taken() -> None:
    live = a_job(Status.PROCESSING, lease_until=NOW)
    lost = a_job(Status.PROCESSING, lease_until=NOW - 0.001)
    spent = replace(lost, attempts=3)
    deferred = replace(lost, attempts=0, claims=MOST_CLAIMS)
    for job, taken, given_up in (
        (live, False, False),
        (lost, True, True),
        (spent, False, True),
        (deferred, False, True),
    ):
        assert transitions.take_over(job, now=NOW, lease_until=NOW + 65, by=BY).allowed(job) is taken
        assert transitions.give_up(job, now=NOW, error=ERROR).allowed(job) is given_up
    assert transitions.take_over(lost, now=NOW, lease_until=NOW + 65, by=BY).applied(lost).attempts == 2


OF_A_HOLDER = (
    "take_over", "complete", "postpone", "defer", "suspend", "block", "fail", "exhaust", "stop", "give_up", "report",
    "redeliver",
)  # fmt: skip


@pytest.mark.parametrize("name", OF_A_HOLDER)
@pytest.mark.parametrize("attempts", [1, 2], ids=["the attempt was given back", "an attempt more"])
def test_who_lost_the_lease_is_refused(name: str, attempts: int) -> None:
    held = a_job(Status.PROCESSING, lease_until=NOW - 1, attempts=1, claims=1, sent=True)
    now_held = a_job(Status.PROCESSING, lease_until=NOW - 1, attempts=attempts, claims=2, sent=True)
    change = next(c for c in every_door(held) if c.move.name == name)
    assert change.allowed(held)
    assert not change.allowed(now_held)


def test_what_was_decided_about_a_waiting_job_does_not_give_up_a_running_one() -> None:
    found = a_job(Status.QUEUED, attempts=0)
    claimed = claim().applied(found)
    assert not transitions.give_up(found, now=NOW, error=ERROR).allowed(claimed)
    assert not transitions.give_up(found, now=NOW, error=ERROR).allowed(a_job(Status.RETRYING, attempts=0))


def test_what_was_decided_by_a_probe_is_refused_when_the_jobs_message_is_taken_away_meanwhile() -> None:
    found = a_job(Status.PROCESSING, lease_until=NOW - 1, sent=True)
    probe = Claimant("request", probe=True)
    changes = [
        transitions.take_over(found, now=NOW, lease_until=NOW + 65, by=probe),
        transitions.give_up(found, now=NOW, error=ERROR),
    ]
    redelivered = transitions.redeliver(found, now=NOW, due_at=NOW).applied(found)
    assert [(change.allowed(found), change.allowed(redelivered)) for change in changes] == [(True, False)] * 2


def test_one_look_of_the_watchdog_and_one_send_are_written_down_once() -> None:
    job = a_job(Status.QUEUED, due_at=NOW, resends=2)
    look = transitions.check(job, until=NOW + 60, resent=True)
    after = look.applied(job)
    assert (after.due_at, after.resends) == (NOW + 60, 3)
    assert not look.allowed(after)
    sent = transitions.mark_sent(job, now=NOW)
    assert (sent.applied(job).sent, sent.applied(job).resends) == (True, 2), "pauses go on growing until a claim"
    assert claim().applied(sent.applied(job)).resends == 0
    assert not sent.allowed(sent.applied(job))
    out = replace(job, sent=True)
    first, second = (transitions.redeliver(out, now=NOW, due_at=NOW + 60) for _ in range(2))
    assert not second.allowed(first.applied(out)), "however many watchdogs see the dead letter"


def test_a_parked_job_has_no_message_and_is_looked_at_ahead_of_its_time() -> None:
    held = a_job(Status.PROCESSING, sent=True, lease_until=NOW + 65)
    for door in (transitions.postpone, transitions.defer):
        far = door(held, now=NOW, not_before=NOW + 7200, error=ERROR, parked=True).applied(held)
        assert (far.sent, far.parked_until, far.due_at) == (False, NOW + 7200, NOW + 7200 - LOOK_AHEAD)
        soon = door(held, now=NOW, not_before=NOW + 5, error=ERROR, parked=True).applied(held)
        assert (soon.sent, soon.due_at) == (False, NOW)
        held_by_sqs = door(held, now=NOW, not_before=NOW + 5, error=ERROR).applied(held)
        assert (held_by_sqs.sent, held_by_sqs.parked_until) == (True, None)


def test_a_stall_begins_once_and_ends_when_a_run_settles() -> None:
    job = a_job(Status.QUEUED, sent=True)
    first = transitions.redeliver(job, now=NOW, due_at=NOW + 60).applied(job)
    assert (first.sent, first.due_at, first.resends, first.stalled_since) == (False, NOW + 60, 1, NOW)
    sent = transitions.mark_sent(first, now=NOW).applied(first)
    second = transitions.redeliver(sent, now=NOW + 900, due_at=NOW + 960).applied(sent)
    assert (second.resends, second.stalled_since) == (2, NOW)
    held = claim().applied(second)
    assert (held.resends, held.stalled_since) == (0, NOW), "that it was claimed does not say that it could run"
    unrun = transitions.defer(held, now=NOW + 961, not_before=NOW + 991, error=ERROR, stalled=True).applied(held)
    assert unrun.stalled_since == NOW
    for settled in (
        transitions.postpone(held, now=NOW + 961, not_before=NOW + 991, error=ERROR),
        transitions.defer(held, now=NOW + 961, not_before=NOW + 991, error=ERROR),
        transitions.complete(held, now=NOW + 961, result=1),
        transitions.fail(held, now=NOW + 961, error=ERROR),
        transitions.stop(held, now=NOW + 961),
    ):
        assert settled.applied(held).stalled_since is None


def test_a_new_run_starts_with_a_clean_sheet() -> None:
    dead = a_job(
        Status.DEAD_LETTER, attempts=3, claims=5, parked_until=NOW - 9, stalled_since=NOW - 9,
        sent=True, resends=4, run_at=NOW - 9, next_attempt_at=NOW - 9, finished_at=NOW,
        expires_at=NOW + 9, cancel_requested=True, error_class="X", error_message="x", progress=50, progress_note="n",
        lease_until=NOW - 9,
    )  # fmt: skip
    again = transitions.requeue(dead, now=NOW).applied(dead)
    kept = ("id", "type", "payload", "max_attempts", "created_at", "tags", "principal", "started_at")
    fresh = Job("job-1", "test.note", Status.QUEUED, NOW, NOW, gen=2, due_at=NOW + 60)
    differ = {f for f in Job.__dataclass_fields__ if getattr(again, f) != getattr(fresh, f)}
    assert differ - set(kept) == {"writer"}


def suspended(held: Job, progressed: bool = False, **fields: Any) -> Job:
    asked = {"until": NOW + 5000, "what": "event:approved", "parked": True, "kept": 3, **fields}
    return transitions.suspend(held, now=NOW, progressed=progressed, **asked).applied(held)


def test_a_wake_ends_only_the_wait_that_was_seen() -> None:
    seen = suspended(a_job(Status.PROCESSING, claims=4))
    wake = transitions.wake(seen, now=NOW + 9, sent=False)
    later = suspended(replace(seen, status=Status.PROCESSING, claims=5))
    other = suspended(a_job(Status.PROCESSING, claims=4), what="event:paid")
    assert [wake.allowed(job) for job in (seen, later, other)] == [True, False, False]
    assert not wake.allowed(wake.applied(seen))
    assert claim().allowed(wake.applied(seen))
    assert not claim().allowed(seen)


def test_a_suspended_job_gives_its_attempt_back_and_a_kept_step_forgives_the_attempts_before() -> None:
    held = a_job(Status.PROCESSING, attempts=3, claims=3, lease_until=NOW + 60)
    assert (suspended(held).attempts, suspended(held, progressed=True).attempts) == (2, 0)
    after = suspended(held)
    assert (after.lease_until, after.sent, after.kept, after.waits) == (None, False, 3, "event:approved")


def test_the_time_of_a_wait_does_not_count_against_the_end_of_the_run() -> None:
    held = a_job(Status.PROCESSING, give_up_at=NOW + 100)
    waiting = suspended(held)
    assert waiting.give_up_at == NOW + 5100
    assert transitions.wake(waiting, now=NOW + 1000, sent=False).applied(waiting).give_up_at == NOW + 1100


def test_a_job_that_was_asked_to_stop_is_not_suspended() -> None:
    held = a_job(Status.PROCESSING, cancel_requested=True)
    asked = transitions.suspend(held, now=NOW, until=NOW + 9, what="time", parked=False, kept=0, progressed=False)
    assert not asked.allowed(held)


@pytest.mark.parametrize("end", [transitions.cancel, transitions.requeue])
def test_no_wait_outlives_its_run(end: Any) -> None:
    seen = suspended(a_job(Status.PROCESSING))
    found = seen if end is transitions.cancel else replace(seen, status=Status.FAILED)
    assert end(found, now=NOW).applied(found).waits is None


def test_a_message_is_marked_as_sent_only_for_the_wait_that_it_was_sent_for() -> None:
    """The process that marks the message as sent was slow.

    Meanwhile the job ran, and now it is parked and has no message.
    """
    woken = transitions.wake(suspended(a_job(Status.PROCESSING)), now=NOW, sent=False).applied(
        suspended(a_job(Status.PROCESSING))
    )
    mark = transitions.mark_sent(woken, now=NOW)
    assert mark.allowed(woken)
    again = suspended(claim().applied(replace(woken, next_attempt_at=None)))
    assert not mark.allowed(again)


def test_a_job_whose_lost_attempt_may_have_run_does_not_expire() -> None:
    lost = a_job(Status.PROCESSING, lease_until=NOW - 1, start_by=NOW + 5)
    taken = transitions.take_over(lost, now=NOW, lease_until=NOW + 65, by=BY).applied(lost)
    assert taken.start_by is None

"""Change jobs: each function makes a `Change` with its conditions and its writes. No other code changes a job."""

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from chalicelib.jobs import job as j
from chalicelib.jobs.change import Change, Claimant, Clearing, Test
from chalicelib.jobs.constants import (
    LONGEST_BY,
    LONGEST_DISCARD_REASON,
    LONGEST_ERROR,
    LONGEST_NOTE,
    LOOK_AGAIN_BLOCKED,
    LOOK_AHEAD,
    LOOK_BLOCKED,
    MOST_CLAIMS,
    SEND_GRACE,
)
from chalicelib.jobs.job import JSON, Job, Move, Status
from chalicelib.jobs.keep_times import ALL, times_of
from chalicelib.jobs.listing import iso
from chalicelib.jobs.retention import CLEARED_BEFORE, KEEP_ERASING
from chalicelib.jobs.texts.errors import cut, error_fields

WAITS_FOR = "limit:"
"""Prefix of `waits` of a job that waits for a place, before the limit's id; also after the job was woken."""

NOTHING: Mapping[str, Any] = MappingProxyType({})
UNERASED = Test("erased_at", "=")
"""The condition of the changes that are possible on a finished job."""
UNCLEARED = Test("cleared_at", "=")
"""The condition of changes that need the payload of a finished job."""


def claim(gen: int, *, now: float, lease_until: float, by: Claimant, job_type: str = "") -> Change:
    """Let a worker claim a waiting job that is due. The claim charges the attempt, so that a crash loop ends.

    With `job_type`, a scheduled or parked job moves to the unfinished jobs in the index; workers always pass
    `job_type`.
    """
    in_time = (Test("next_attempt_at", "due", now), Test("start_by", "until", now))
    tests = (*_budget(), *in_time, *_with_a_message(by))
    values = {**_held(now, lease_until, by), "next_attempt_at": None}
    return Change(j.CLAIM, gen, tests, values, {"attempts": 1, "claims": 1}, job_type=job_type)


def take_over(lost: Job, *, now: float, lease_until: float, by: Claimant, kept: int | None = None) -> Change:
    """Let a worker take over a job whose last worker's lease ended before its attempt was settled.

    The lost attempt may have run the function, so the job can no longer expire. If the lost attempts have kept steps,
    `kept` is the number of kept steps, and this attempt counts as the first one.
    """
    tests = (*_fence(lost), Test("lease_until", "<", now), *_budget(), *_with_a_message(by))
    values = {**_held(now, lease_until, by), **_begun(lost), **_passed(lost)}
    charged = {"attempts": 1, "claims": 1}
    if kept is not None:
        tests = tuple(test for test in tests if test.field != "attempts")
        values |= {"attempts": 1, "kept": kept}
        charged = {"claims": 1}
    return Change(j.TAKE_OVER, lost.gen, tests, values, charged, job_type=lost.type)


def complete(held: Job, *, now: float, result: JSON) -> Change:
    """End a job whose function returned; the returned value is the job's result."""
    values = {
        "result": result,
        "progress": None,
        "progress_note": None,
        "error_class": None,
        "error_message": None,
        "fingerprint": None,
    }
    return _end(j.COMPLETE, held, now, _fence(held), values, job_type=held.type)


def postpone(held: Job, *, now: float, not_before: float, error: tuple[str, str], parked: bool = False) -> Change:
    """Let another attempt follow a failed one, at `not_before` (epoch seconds) or later.

    Refused after a request to stop. `parked`: the message is acknowledged, and the watchdog sends another message
    before `not_before`.
    """
    values = {
        **waits(now, not_before, parked), **error_fields(held, error), "stalled_since": None, "deferred": None,
        **_begun(held), **_passed(held),
    }  # fmt: skip
    return Change(j.POSTPONE, held.gen, (*_fence(held), Test("cancel_requested", "unset")), values, job_type=held.type)


def defer(
    held: Job, *, now: float, not_before: float, error: tuple[str, str], parked: bool = False, stalled: bool = False,
    lasts: bool = True, begun: bool = False,
) -> Change:  # fmt: skip
    """Give the attempt back and wait until `not_before`: the job or the platform requested a later run.

    `stalled`: the function could not run, for a reason outside of the function; `lasts`: the next stall by such a
    reason goes on with this one. `begun`: the function ran, so the job can no longer expire. Refused after a request to
    stop.
    """
    since = (held.stalled_since or now) if stalled else None
    values = {
        **waits(now, not_before, parked), **error_fields(held, error), "stalled_since": since,
        "deferred": (False if lasts else None) if stalled else True, **_passed(held),
    }  # fmt: skip
    values |= _begun(held) if begun else {}
    return Change(
        j.DEFER,
        held.gen,
        (*_fence(held), Test("cancel_requested", "unset")),
        values,
        {"attempts": -1},
        job_type=held.type,
    )


def forgiving(change: Change) -> Change:
    """Return the change without a charge for attempts before a kept step: a later failure counts as the first one."""
    charged = {j.POSTPONE: 1, j.DEFER: 0}
    if change.move not in charged:
        return change
    others = {name: n for name, n in change.increments.items() if name != "attempts"}
    return replace(change, values={**change.values, "attempts": charged[change.move]}, increments=others)


def suspend(held: Job, *, now: float, until: float, what: str, parked: bool, kept: int, progressed: bool) -> Change:
    """Give the attempt back and wait for `what` until `until` (epoch seconds), because the function asked for it.

    `kept` is the number of kept steps. `progressed`: this attempt kept a step, so earlier attempts are no longer
    charged. The time of the wait does not count against `give_up_at`. Refused after a request to stop.
    """
    give_up_at = None if held.give_up_at is None else round(held.give_up_at + max(0.0, until - now), 3)
    values = {
        **waits(now, until, parked), "waits": what, "kept": kept, "give_up_at": give_up_at,
        "stalled_since": None, "deferred": None, **({"attempts": 0} if progressed else {}),
        # remove these fields, as after an error
        "request_id": None, "cold_start": None, "receive_count": None, "progress_note": None,
        **_begun(held), **_passed(held),
    }  # fmt: skip
    tests = (*_fence(held), Test("cancel_requested", "unset"))
    charged = {} if progressed else {"attempts": -1}
    return Change(j.SUSPEND, held.gen, tests, values, charged, job_type=held.type)


def wake(found: Job, *, now: float, sent: bool) -> Change:
    """End the wait of a suspended job before its time, because what it waits for has happened.

    The conditions test the number of the wait and what it waits for, so the change cannot end another wait. `sent`: the
    caller has a message of the job and makes it visible again; otherwise the job needs a new message.
    """
    values = {**_due_now(found, now, sent=sent), **_without_wait(found, now)}
    tests = (Test("waits", "=", found.waits), *_fence(found))
    return Change(j.WAKE, found.gen, tests, values, job_type=found.type)


def block(held: Job, *, now: float, limit: str, anew: bool = False, position: int | None = None) -> Change:
    """Give the attempt back and let the job wait for a place of the limit with this id, without a message.

    The function was not called. Refused after a request to stop. `anew`: see Full. `position`: see Job.
    """
    values: dict[str, Any] = {
        "next_attempt_at": None, "lease_until": None, "updated_at": now, **_in_line(held, now),
        "waits": WAITS_FOR + limit, "passed": held.claims if held.passed is None or anew else held.passed,
        "sent": False, "stalled_since": None, "deferred": None,
        # remove these fields, as after an error
        "request_id": None, "cold_start": None, "receive_count": None, "progress_note": None,
    }  # fmt: skip
    if held.attempts <= 1 and not held.kept:
        values["started_at"] = None  # no attempt has begun
    if position != held.position:
        values["position"] = position
    tests = (*_fence(held), Test("cancel_requested", "unset"))
    return Change(j.BLOCK, held.gen, tests, values, {"attempts": -1}, job_type=held.type)


def unblock(found: Job, *, now: float, limit: str, sent: bool, at: float = 0.0) -> Change:
    """Let a blocked job run, because it has got its place; at `at` (epoch seconds), if it has got a turn for then.

    The conditions test the number of the wait (run and claims) and the limit, so the change cannot end another wait.
    `waits` stays until the next claim: it shows that the job has its place. `sent`: see `wake`. The time of the wait
    does not count against `give_up_at`. The watchdog sends the message of a turn that is further away than a message
    can be delayed.
    """
    due_at = at - LOOK_AHEAD if at - now > LOOK_AHEAD else max(now, at) + SEND_GRACE
    values = {
        "next_attempt_at": None, "sent": sent, "resends": 0, "stalled_since": None,
        "due_at": min(due_at, max(now + SEND_GRACE, found.start_by or math.inf)),
        "updated_at": now, "parked_until": now, "give_up_at": _after_block(found, max(now, at)),
    }  # fmt: skip
    if at > now:
        turn = math.ceil(at * 1000) / 1000
        values |= {"next_attempt_at": turn, "turn_at": turn}
    tests = (Test("waits", "=", WAITS_FOR + limit), *_fence(found))
    return Change(j.UNBLOCK, found.gen, tests, values, job_type=found.type)


def block_again(found: Job, *, now: float) -> Change:
    """Let a job that was woken, and that no worker has claimed, wait for its limit again.

    Its wait has a new number, so that nothing that belongs to the wait before can end it. Its pass is new as well: a
    late request that removes the name of the pass before cannot take a place from the job when it runs.
    """
    values = {
        **_in_line(found, now), "passed": found.claims + 1, "sent": False, "resends": 0, "updated_at": now,
        "stalled_since": None, "next_attempt_at": None,
    }  # fmt: skip
    tests = (Test("waits", "=", found.waits), *_fence(found))
    return Change(j.BLOCK_AGAIN, found.gen, tests, values, {"claims": 1}, job_type=found.type)


def line_up(found: Job, *, now: float) -> Change:
    """Let the watchdog check a blocked job again much later, because it stands in its line."""
    tests = (Test("due_at", "=", found.due_at), *_fence(found))
    return Change(j.LINE_UP, found.gen, tests, _in_line(found, now, LOOK_AGAIN_BLOCKED), job_type=found.type)


def _in_line(job: Job, now: float, look: float = LOOK_BLOCKED) -> dict[str, Any]:
    """Return the fields that say when the watchdog checks a blocked job: it must also find the job when it expires."""
    until = min(now + look, job.start_by or now + look)
    return {"parked_until": until, "due_at": until}


def anyway(change: Change) -> Change:
    """Let a job wait although it was asked to stop: its function is called again, to undo the steps that are kept."""
    return replace(change, tests=tuple(test for test in change.tests if test.field != "cancel_requested"))


def fail(held: Job, *, now: float, error: tuple[str, str]) -> Change:
    """End a job whose function reported that another attempt cannot help."""
    return _end(j.FAIL, held, now, _fence(held), error_fields(held, error), dead=True)


def exhaust(held: Job, *, now: float, error: tuple[str, str]) -> Change:
    """End a job whose last attempt failed; SQS moves its message to the dead-letter queue."""
    return _end(j.EXHAUST, held, now, _fence(held), error_fields(held, error), dead=True)


def stop(held: Job, *, now: float) -> Change:
    """End a job whose function obeyed a request to stop."""
    return _end(j.STOP, held, now, _fence(held))


def skip(held: Job, *, now: float, unfinished: str) -> Change:
    """End a firing that must not run because the job of an earlier firing, `unfinished`, has not finished."""
    message = cut(f"The job {unfinished} of an earlier firing had not finished.", LONGEST_ERROR - len(j.SKIPPED))
    values = {"error_class": j.SKIPPED, "error_message": message, "after": unfinished}
    return _end(j.STOP, held, now, _fence(held), values)


def give_up(found: Job, *, now: float, error: tuple[str, str]) -> Change:
    """Give up a job that no worker holds; called by the watchdog, or by a worker if no attempt is left."""
    # Test `sent`, because another process may be removing the job's message from the dead-letter queue: that process
    # first marks the job as unsent.
    tests = (*_unheld(found, now), Test("sent", "=", found.sent))
    return _end(j.GIVE_UP, found, now, tests, error_fields(found, error), dead=True)


def expire(found: Job, *, now: float) -> Change:
    """Cancel a waiting job that has not begun in time; no attempt is charged."""
    told = f"It had not begun by {iso(found.start_by or now)}."
    tests = (*_unheld(found, now), Test("start_by", "<", now))
    return _end(j.EXPIRE, found, now, tests, {"error_class": j.EXPIRED, "error_message": told})


def retire(found: Job, *, now: float, reason: str) -> Change:
    """Cancel a job that cannot run because its type was removed; cancel a running job only after its lease."""
    error = error_fields(found, ("TypeRemoved", reason))
    return _end(j.RETIRE, found, now, _unheld(found, now), error)


def requeue(found: Job, *, now: float, **edited: Any) -> Change:
    """Run a finished job again for an operator: a new generation, which makes every older message stale."""
    values = {
        "created_at": found.created_at,  # unchanged; `Change.first_due` needs it for the place in lists
        "gen": found.gen + 1, "attempts": 0, "claims": 0, "sent": False, "parked_until": None, "stalled_since": None,
        "resends": 0, "due_at": now + SEND_GRACE, "run_at": None, "deferred": None,
        "next_attempt_at": None, "turn_at": None, "waits": None, "passed": None, "start_by": None,
        "finished_at": None, "lease_until": None, "expires_at": None,
        "cancel_requested": False, "discarded_at": None, "discarded_by": None, "discard_reason": None,
        "ended_as": None, "result": None, "error_class": None, "error_message": None, "fingerprint": None,
        "progress": None, "progress_note": None, "updated_at": now,
        **({} if found.position is None else {"position": None}),
    }  # fmt: skip
    tests = (UNERASED, UNCLEARED)
    return Change(j.REQUEUE, found.gen, tests, {**values, **edited}, job_type=found.type, found=found)


def cancel(found: Job, *, now: float) -> Change:
    """Stop a waiting job for an operator. The job stops at once, and no later message runs it."""
    return _end(j.CANCEL, found, now, (), {"cancel_requested": True})


def compensate(found: Job, *, now: float) -> Change:
    """Ask a waiting job with kept steps to stop, for an operator. Its function is called again, to undo the steps."""
    values = {**_due_now(found, now), **_without_wait(found, now), **_passed(found), "cancel_requested": True}
    tests = (Test("status", "=", found.status), *_fence(found), Test("cancel_requested", "unset"))
    return Change(j.COMPENSATE, found.gen, tests, values, job_type=found.type)


def run_now(found: Job, *, now: float) -> Change:
    """Let a waiting job be due at once, for an operator. The job then needs a new message."""
    # the fields that are set depend on the kind of wait, so the wait must be unchanged since the job was read
    tests = (Test("status", "=", found.status), *_fence(found))
    return Change(j.RUN_NOW, found.gen, tests, _due_now(found, now), job_type=found.type)


def erase(found: Job, *, now: float) -> Change:
    """Hide a finished job from every reader, because its rows are about to be removed.

    The row must stay until all others are removed: only this row says which others there are. So it expires later.
    """
    keep = math.ceil(max(found.expires_at or 0.0, now + KEEP_ERASING))
    return Change(j.ERASE, found.gen, (UNERASED,), {"erased_at": now, "expires_at": keep})


def clear(found: Job, *, now: float) -> Change:
    """Remove payload and result from the row of a finished job; its other rows follow. No retry is possible any more.

    Refused if the job has been retried since it was read, also if it has ended again.
    """
    tests = (UNERASED, UNCLEARED, Test("finished_at", "=", found.finished_at))
    return Change(j.CLEAR, found.gen, tests, {"payload": None, "result": None, "cleared_at": now})


def discard(found: Job, *, now: float, by: str, reason: str) -> Change:
    """Settle a failed job without running it, for an operator. The job keeps its error and its original expiry."""
    # `cancelled` with a mark is used instead of a separate status, so that all rules for cancelled jobs also apply to
    # discarded jobs
    values = {
        "discarded_at": now, "discarded_by": cut(by, LONGEST_BY), "progress": None, "progress_note": None,
        "discard_reason": cut(reason, LONGEST_DISCARD_REASON) or None, "updated_at": now,
        # the end may not have been processed yet
        **({"ended_as": str(found.status)} if found.on_end is not None or found.notify else {}),
    }  # fmt: skip
    return Change(j.DISCARD, found.gen, (Test("status", "=", found.status), UNERASED), values)


def ask_to_stop(found: Job, *, now: float) -> Change:
    """Ask a running job to stop, for an operator; its function obeys at its next `ctx.check_cancelled()`."""
    return Change(j.ASK_TO_STOP, found.gen, (), {"cancel_requested": True, "updated_at": now})


def mark_sent(job: Job, *, now: float) -> Change:
    """Record that the message is in the queue, and when, if the message is a repeated one.

    After that, the job no longer counts as a job whose message may be unsent. Refused if a worker has claimed the job
    since it was read: the job may wait again, and its next message may not have been sent.
    """
    if not job.resends:
        return Change(j.MARK_SENT, job.gen, (*_fence(job), Test("sent", "=", False)), {"sent": True})
    tests = (*_fence(job), Test("sent", "=", job.sent))
    return Change(j.MARK_SENT, job.gen, tests, {"sent": True, "resent_at": now})


def check(seen: Job, *, until: float, resent: bool, stalled_since: float | None = None) -> Change:
    """Record that the watchdog has checked the job, and will check it again at `until`.

    Of two watchdogs only one can record a check.

    `stalled_since` is when the platform first kept the job from running; the first such time stays.
    """
    tests = (Test("due_at", "=", seen.due_at),)
    stalled = {"stalled_since": stalled_since} if stalled_since and not seen.stalled_since else {}
    return Change(j.CHECK, seen.gen, tests, {"due_at": until, **stalled}, {"resends": 1} if resent else {})


def undeclared_since(job: Job) -> float | None:
    """Return when the watchdog first found that no version declares the job's type; None if it has not found that.

    Other stalls set `stalled_since`, too: a message that was sent again counts in `resends`, and a worker that could
    not run the job leaves `deferred` False.
    """
    return None if job.resends or job.deferred is False else job.stalled_since


def check_undeclared(seen: Job, *, now: float, until: float) -> Change:
    """Record that the job's type has been undeclared since `now`, or is still undeclared.

    No message is sent, so the number of repeated messages begins again at 0.
    """
    since = undeclared_since(seen)
    values = {
        "due_at": until, "resends": 0, "stalled_since": now if since is None else since,
        "deferred": seen.deferred or None,
    }  # fmt: skip
    return Change(j.CHECK, seen.gen, (Test("due_at", "=", seen.due_at),), values)


def redeliver(found: Job, *, now: float, due_at: float, stalled: bool = True) -> Change:
    """Request a fresh message at `due_at`: the present one has no receives left, and the job can still run.

    Without `stalled`, the present one is on a queue that its type no longer has.
    """
    tests = (*_unheld(found, now), Test("sent", "=", True))
    since = found.stalled_since or (now if stalled else None)
    values = {"sent": False, "due_at": due_at, "stalled_since": since}
    return Change(j.REDELIVER, found.gen, tests, values, {"resends": 1} if stalled else {})


def report(held: Job, *, now: float, percent: float, note: str | None) -> Change:
    """Record the progress of the attempt, to a tenth of a percent; refused if the lease was lost."""
    # round, because all digits of a float would need 7 more bytes, and the main item must stay within one kilobyte
    values = {"progress": round(percent, 1), "progress_note": note and cut(note, LONGEST_NOTE), "updated_at": now}
    return Change(j.REPORT, held.gen, _fence(held), values)


def _due_now(found: Job, now: float, *, sent: bool = False) -> dict[str, Any]:
    """Return the fields that make a waiting job due at once; without `sent`, it needs a new message."""
    values = {
        "next_attempt_at": None, "sent": sent, "resends": 0, "stalled_since": None, "deferred": None,
        "due_at": now + SEND_GRACE, "updated_at": now,
    }  # fmt: skip
    planned = {"run_at": now} if found.status is Status.SCHEDULED else {}
    parked = {} if found.parked_until is None else {"parked_until": now}
    return {**values, **planned, **parked}


def _without_wait(found: Job, now: float) -> dict[str, Any]:
    """Return the fields that end a wait: the run's time does not count the rest of a sleep, or the wait for a place."""
    if found.status is Status.BLOCKED:
        return {"waits": None, "give_up_at": _after_block(found, now)}
    # if the job waits for its turn, `next_attempt_at` is the turn and not the end of the wait
    waits = found.status is Status.SUSPENDED and found.next_attempt_at != found.turn_at
    left = max(0.0, (found.next_attempt_at or now) - now) if waits else 0.0
    return {"waits": None, "give_up_at": None if found.give_up_at is None else round(found.give_up_at - left, 3)}


def _after_block(found: Job, now: float) -> float | None:
    """Return when the run is given up: later by the time for which the job was blocked."""
    return None if found.give_up_at is None else round(found.give_up_at + max(0.0, now - found.updated_at), 3)


def _begun(held: Job) -> dict[str, Any]:
    """Return the field to remove from a job whose function has run: the job can no longer expire."""
    return {} if held.start_by is None else {"start_by": None}


def _passed(job: Job) -> dict[str, Any]:
    """Return the field to remove from a job that has waited for a place: it needs a new place to run again."""
    return {} if job.passed is None else {"passed": None}


def _fence(held: Job) -> tuple[Test, ...]:
    return (Test("claims", "=", held.claims),)


def _unheld(found: Job, now: float) -> tuple[Test, ...]:
    """Return the conditions under which no worker holds the job, and nothing has changed since it was read."""
    free = (Test("lease_until", "<", now),) if found.status is Status.PROCESSING else ()
    return (Test("status", "=", found.status), *_fence(found), *free)


def _budget() -> tuple[Test, ...]:
    return Test("attempts", "below", "max_attempts"), Test("claims", "<", MOST_CLAIMS)


def _with_a_message(by: Claimant) -> tuple[Test, ...]:
    """Return the condition on a job that a probe claims: it must have a message, because a claim marks it as sent."""
    return (Test("sent", "=", True),) if by.probe else ()


def waited_limit(job: Job) -> str | None:
    """Return the id of the limit that a blocked job waits for, or has waited for since its last claim; else None."""
    limit = job.waits is not None and job.waits.startswith(WAITS_FOR)
    return (job.waits or "").removeprefix(WAITS_FOR) if limit else None


def waits(now: float, not_before: float, parked: bool) -> dict[str, Any]:
    """Return the fields of a job that waits for its next attempt; `parked`: without a message."""
    values: dict[str, Any] = {"next_attempt_at": not_before, "lease_until": None, "updated_at": now}
    if parked:
        values |= {"sent": False, "parked_until": not_before, "due_at": max(now, not_before - LOOK_AHEAD)}
    return values


def _held(now: float, lease_until: float, by: Claimant) -> dict[str, Any]:
    return {
        "lease_until": lease_until, "started_at": now, "updated_at": now, "sent": True, "request_id": by.request_id,
        "cold_start": by.cold_start, "receive_count": by.receive_count, "progress": None, "progress_note": None,
        "error_class": None, "error_message": None, "resends": 0, "waits": None,
    }  # fmt: skip


def _end(
    move: Move, job: Job, now: float, tests: tuple[Test, ...], values: Mapping[str, Any] = NOTHING, *,
    dead: bool = False, job_type: str = "",
) -> Change:  # fmt: skip
    """Return the change that ends a job. `dead`: it has failed, so it is kept for longer."""
    declared = times_of(job)
    times = declared or ALL
    kept = times.dead if dead else times.done
    expires_at = math.ceil(now + kept)
    ended = {
        "finished_at": now, "updated_at": now, "lease_until": None, "next_attempt_at": None,
        "stalled_since": None, "waits": None, "expires_at": expires_at, **values, **_passed(job),
    }  # fmt: skip
    if declared is None:
        return Change(move, job.gen, tests, ended, job_type=job_type)
    rest_at = (
        now + kept - CLEARED_BEFORE
    )  # not rounded: an end that is refused must not replace the clearing of the other
    due_at = rest_at if times.data is None else min(now + times.data, rest_at)
    clearing = Clearing(job.id, job.type, job.created_at, now, due_at)
    return Change(move, job.gen, tests, ended, job_type=job_type, clearing=clearing)

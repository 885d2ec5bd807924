"""List the conditions of the moves: who may change a job, when, and what is counted."""

from scripts.safeguards.safeguard import Safeguard

MOVES = (
    Safeguard(
        "the fence: only the holder ends its attempt",
        "chalicelib.jobs.transitions:_fence",
        "(Test('claims', '=', held.claims),)",
        "()",
    ),
    Safeguard(
        "a message of another generation changes nothing",
        "chalicelib.jobs.change:Change.allowed",
        "job.gen == self.gen",
        "True",
    ),
    Safeguard(
        "the table of moves",
        "chalicelib.jobs.change:Change.allowed",
        "job.status in self.move.source",
        "True",
    ),
    Safeguard(
        "attempts are counted at the claim",
        "chalicelib.jobs.transitions:claim",
        "{'attempts': 1}",
        "{}",
    ),
    Safeguard(
        "attempts are counted at a take-over",
        "chalicelib.jobs.transitions:take_over",
        "{'attempts': 1}",
        "{}",
    ),
    Safeguard(
        "no claim without an attempt left",
        "chalicelib.jobs.transitions:claim",
        "(*_budget(), Test('next_attempt_at', 'due', now))",
        "(Test('next_attempt_at', 'due', now),)",
    ),
    Safeguard(
        "no claim before its time",
        "chalicelib.jobs.transitions:claim",
        "(*_budget(), Test('next_attempt_at', 'due', now))",
        "_budget()",
    ),
    Safeguard(
        "the lease is checked again by the take-over itself",
        "chalicelib.jobs.transitions:take_over",
        "(*_fence(lost), Test('lease_until', '<', now), *_budget())",
        "(*_fence(lost), *_budget())",
    ),
    Safeguard(
        "no retry of a job that was asked to stop",
        "chalicelib.jobs.transitions:postpone",
        "(*_fence(held), Test('cancel_requested', 'unset'))",
        "_fence(held)",
    ),
    Safeguard(
        "no job is given up under a live lease",
        "chalicelib.jobs.transitions:_unheld",
        "free = (Test('lease_until', '<', now),) if found.status is Status.PROCESSING else ()",
        "free: tuple[Test, ...] = () if found.status is Status.PROCESSING else ()",
    ),
    Safeguard(
        "no job is given up that changed meanwhile",
        "chalicelib.jobs.transitions:_unheld",
        "(Test('status', '=', found.status), *_fence(found), *free)",
        "free",
    ),
    Safeguard(
        "one look of the watchdog counts once",
        "chalicelib.jobs.transitions:check",
        "(Test('due_at', '=', seen.due_at),)",
        "()",
    ),
    Safeguard(
        "a job is marked as sent once",
        "chalicelib.jobs.transitions:mark_sent",
        "(Test('sent', '=', False),)",
        "()",
    ),
    Safeguard(
        "a deferred job gets its attempt back",
        "chalicelib.jobs.transitions:defer",
        "{'attempts': -1}",
        "{}",
    ),
    Safeguard(
        "claims are counted at the claim",
        "chalicelib.jobs.transitions:claim",
        "{'claims': 1}",
        "{}",
    ),
    Safeguard(
        "claims are counted at a take-over",
        "chalicelib.jobs.transitions:take_over",
        "{'claims': 1}",
        "{}",
    ),
    Safeguard(
        "no deferral of a job that was asked to stop",
        "chalicelib.jobs.transitions:defer",
        "(*_fence(held), Test('cancel_requested', 'unset'))",
        "_fence(held)",
    ),
    Safeguard(
        "a parked job is on record as without a message",
        "chalicelib.jobs.transitions:_waits",
        "{'sent': False}",
        "{}",
    ),
    Safeguard(
        "a parked job is sent ahead of its time",
        "chalicelib.jobs.transitions:_waits",
        "max(now, not_before - LOOK_AHEAD)",
        "not_before + 600",
    ),
    Safeguard(
        "a redelivery is called for once",
        "chalicelib.jobs.transitions:redeliver",
        "(*_unheld(found, now), Test('sent', '=', True))",
        "_unheld(found, now)",
    ),
    Safeguard(
        "the first stall is remembered",
        "chalicelib.jobs.transitions:redeliver",
        "found.stalled_since or now",
        "now",
    ),
    Safeguard(
        "an attempt that settles ends a stall",
        "chalicelib.jobs.transitions:postpone",
        "{'stalled_since': None}",
        "{}",
    ),
    Safeguard(
        "a retry forgets that the run before was asked to stop",
        "chalicelib.jobs.transitions:requeue",
        "{'cancel_requested': False}",
        "{}",
    ),
    Safeguard(
        "a retry is a new generation",
        "chalicelib.jobs.transitions:requeue",
        "found.gen + 1",
        "found.gen",
    ),
)

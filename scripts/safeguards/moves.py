"""The conditions of the moves: who may change a job, when, and what is counted."""

from scripts.safeguards.safeguard import Safeguard

MOVES = (
    Safeguard(
        "the fence: only the holder ends its attempt",
        "chalicelib.jobs.transitions:_fence",
        "(Test('attempts', '=', held.attempts),)",
        "()",
    ),
    Safeguard(
        "a message of another generation changes nothing",
        "chalicelib.jobs.transitions:Change.allowed",
        "job.gen == self.gen",
        "True",
    ),
    Safeguard(
        "the table of moves",
        "chalicelib.jobs.transitions:Change.allowed",
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
        "(Test('attempts', 'below', 'max_attempts'), Test('next_attempt_at', 'due', now))",
        "(Test('next_attempt_at', 'due', now),)",
    ),
    Safeguard(
        "no claim before its time",
        "chalicelib.jobs.transitions:claim",
        "(Test('attempts', 'below', 'max_attempts'), Test('next_attempt_at', 'due', now))",
        "(Test('attempts', 'below', 'max_attempts'),)",
    ),
    Safeguard(
        "the lease is checked again by the take-over itself",
        "chalicelib.jobs.transitions:take_over",
        "(*_fence(lost), Test('lease_until', '<', now), Test('attempts', 'below', 'max_attempts'))",
        "(*_fence(lost), Test('attempts', 'below', 'max_attempts'))",
    ),
    Safeguard(
        "no retry of a job that was asked to stop",
        "chalicelib.jobs.transitions:postpone",
        "(*_fence(held), Test('cancel_requested', 'unset'))",
        "_fence(held)",
    ),
    Safeguard(
        "nobody buries a job under a live lease",
        "chalicelib.jobs.transitions:bury",
        "free = (Test('lease_until', '<', now),) if found.status is Status.PROCESSING else ()",
        "free: tuple[Test, ...] = () if found.status is Status.PROCESSING else ()",
    ),
    Safeguard(
        "nobody buries a job that moved on meanwhile",
        "chalicelib.jobs.transitions:bury",
        "(Test('status', '=', found.status), Test('attempts', '=', found.attempts), *free)",
        "free",
    ),
    Safeguard(
        "one look of the watchdog counts once",
        "chalicelib.jobs.transitions:watch",
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
        "failed sends do not count against a job",
        "chalicelib.jobs.transitions:mark_sent",
        "{'sent': True, 'resends': 0}",
        "{'sent': True}",
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

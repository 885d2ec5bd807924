"""The conditions of the moves: who may change a job, when, and what is counted."""

from scripts.safeguards.safeguard import Safeguard

MOVES = (
    Safeguard(
        "the fence: only the holder ends its attempt", "chalicelib/jobs/transitions.py",
        'return (Test("attempts", "=", held.attempts),)', "return ()",
    ),
    Safeguard(
        "a message of another generation changes nothing", "chalicelib/jobs/transitions.py",
        "and job.gen == self.gen and", "and",
    ),
    Safeguard(
        "the table of moves", "chalicelib/jobs/transitions.py",
        "return job.status in self.move.source and", "return",
    ),
    Safeguard(
        "attempts are counted at the claim", "chalicelib/jobs/transitions.py",
        'return Change(j.CLAIM, gen, tests, values, {"attempts": 1})', "return Change(j.CLAIM, gen, tests, values)",
    ),
    Safeguard(
        "attempts are counted at a take-over", "chalicelib/jobs/transitions.py",
        'by), {"attempts": 1})\n\n\ndef complete', "by))\n\n\ndef complete",
    ),
    Safeguard(
        "no claim without an attempt left", "chalicelib/jobs/transitions.py",
        'tests = (Test("attempts", "below", "max_attempts"), Test("next_attempt_at", "due", now))',
        'tests = (Test("next_attempt_at", "due", now),)',
    ),
    Safeguard(
        "no claim before its time", "chalicelib/jobs/transitions.py",
        'tests = (Test("attempts", "below", "max_attempts"), Test("next_attempt_at", "due", now))',
        'tests = (Test("attempts", "below", "max_attempts"),)',
    ),
    Safeguard(
        "the lease is checked again by the take-over itself", "chalicelib/jobs/transitions.py",
        'Test("lease_until", "<", now), Test("attempts", "below", "max_attempts"))\n    return Change(j.TAKE_OVER',
        'Test("attempts", "below", "max_attempts"))\n    return Change(j.TAKE_OVER',
    ),
    Safeguard(
        "no retry of a job that was asked to stop", "chalicelib/jobs/transitions.py",
        '(*_fence(held), Test("cancel_requested", "unset"))', "_fence(held)",
    ),
    Safeguard(
        "nobody buries a job under a live lease", "chalicelib/jobs/transitions.py",
        'free = (Test("lease_until", "<", now),) if', "free: tuple[Test, ...] = () if",
    ),
    Safeguard(
        "nobody buries a job that moved on meanwhile", "chalicelib/jobs/transitions.py",
        'tests = (Test("status", "=", found.status), Test("attempts", "=", found.attempts), *free)', "tests = free",
    ),
    Safeguard(
        "one look of the watchdog counts once", "chalicelib/jobs/transitions.py",
        'tests = (Test("due_at", "=", seen.due_at),)', "tests = ()",
    ),
    Safeguard(
        "a job is marked as sent once", "chalicelib/jobs/transitions.py",
        'job.gen, (Test("sent", "=", False),), {"sent"', 'job.gen, (), {"sent"',
    ),
    Safeguard(
        "failed sends do not count against a job", "chalicelib/jobs/transitions.py",
        '{"sent": True, "resends": 0}', '{"sent": True}',
    ),
    Safeguard(
        "a retry forgets that the run before was asked to stop", "chalicelib/jobs/transitions.py",
        '"cancel_requested": False,\n        "result"', '"result"',
    ),
    Safeguard(
        "a retry is a new generation", "chalicelib/jobs/transitions.py",
        '"gen": found.gen + 1,', '"gen": found.gen,',
    ),
)  # fmt: skip

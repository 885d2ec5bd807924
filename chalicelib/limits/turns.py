"""Make the changes of a job that waits for its turn: transitions that only types with a rate have. Pure."""

from chalicelib.jobs import job as j
from chalicelib.jobs.change import Change, Test
from chalicelib.jobs.constants import SEND_GRACE
from chalicelib.jobs.job import Job
from chalicelib.jobs.transitions import waits


def has_turn(job: Job) -> bool:
    """Return whether a waiting job already has a turn."""
    return job.turn_at is not None and job.next_attempt_at == job.turn_at


def wait_for_turn(seen: Job, *, now: float, turn: float, parked: bool) -> Change:
    """Let a waiting job wait until its turn, so that it takes a turn only once.

    `parked`: the message is acknowledged, and the watchdog sends another message before the turn.
    """
    same = (("status", seen.status), ("claims", seen.claims), ("next_attempt_at", seen.next_attempt_at))
    tests = tuple(Test(name, "=", value) for name, value in same)
    values = {"turn_at": turn, "resends": 0, "stalled_since": None}
    if parked:
        values |= {**waits(now, turn, parked), "waits": None}
        return Change(j.WAIT_FOR_TURN, seen.gen, tests, values, job_type=seen.type)
    # The watchdog checks the job's message only after the turn. `updated_at` does not change, because it shows since
    # when the job has been queued.
    values |= {"next_attempt_at": turn, "due_at": turn + SEND_GRACE}
    return Change(j.TAKE_TURN, seen.gen, tests, values)


def give_back(held: Job, *, now: float, turn: float, parked: bool) -> Change:
    """Give back the attempt of a claimed job that may not start yet; refused after a request to stop."""
    tests = (Test("claims", "=", held.claims), Test("cancel_requested", "unset"))
    values = {**waits(now, turn, parked), "turn_at": turn, "stalled_since": None, "deferred": True}
    return Change(j.DEFER, held.gen, tests, values, {"attempts": -1}, job_type=held.type)

"""Decide in which state a lost job returns. Pure.

Nobody knows what happened to a job between the restored moment and its loss: it may have run. A restored job therefore
runs only if the operator requests this. Then it runs in a new generation, in which no message from before the restored
moment is valid.

The job may already have had this generation between that moment and its loss, because of a retry or a replacement. If
such a message from that time arrives, it can only start the new run, which would start anyway. A worker that held the
job at that time has ended, because the restore waits long enough. But an external service could not distinguish the new
run from the earlier one. After a restore, each run therefore has another name (`run_name`); this includes later retries
of a job that was finished or failed.
"""

import math
from dataclasses import replace
from typing import Any

from chalicelib.jobs.change import new_writer
from chalicelib.jobs.constants import LOOK_AHEAD, MOST_CLAIMS, SEND_GRACE
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.retention import KEEP_DEAD
from chalicelib.jobs.step import waited_event
from chalicelib.jobs.texts.errors import error_fields

ERROR = "Restored"
"""Error class of a job that was unfinished when it was lost. `POST /bulk` finds such jobs by this class."""
UNKNOWN = "It was {status}{planned} at {at}, the restored moment. It may have run after that: retry it if it did not."


def revived(lost: Job, *, at: float, now: float, run: bool) -> Job:
    """Return the job to write: a finished job unchanged, an unfinished job as failed, or as queued with `run`.

    `at` is the restored moment. A job that was asked to stop, or has no attempt left, never runs.
    """
    back = replace(lost, updated_at=now, restored_at=now, writer=new_writer())
    if lost.terminal:
        return back
    spent = lost.attempts >= lost.max_attempts or lost.claims >= MOST_CLAIMS
    if not run or spent or lost.cancel_requested:
        return replace(back, **_failed(lost, at, now))
    return replace(back, **_goes_on(lost, now))


def _failed(lost: Job, at: float, now: float) -> dict[str, Any]:
    planned = _planned(lost, at)
    told = f" for {iso(planned)}" if planned else ""
    error = (ERROR, UNKNOWN.format(status=lost.status, planned=told, at=iso(at)))
    return {
        **_idle(), **error_fields(lost, error), "status": Status.FAILED, "finished_at": now,
        "expires_at": math.ceil(now + KEEP_DEAD), "next_attempt_at": None,
    }  # fmt: skip


def _goes_on(lost: Job, now: float) -> dict[str, Any]:
    """Return the fields of a new run.

    It begins at the job's time if that is in the future, else at the watchdog's next run.
    """
    planned = _planned(lost, now)
    new = {**_idle(), "gen": lost.gen + 1, "claims": 0, "due_at": now + SEND_GRACE}
    if lost.status not in (Status.QUEUED, Status.SCHEDULED, Status.BLOCKED):
        new["start_by"] = None  # the job has begun, so it does not expire
    if planned is None:
        return {**new, "status": Status.QUEUED, "run_at": None, "next_attempt_at": None}
    new |= {"next_attempt_at": planned, "due_at": max(now + SEND_GRACE, planned - LOOK_AHEAD)}
    if lost.status is Status.SCHEDULED:
        return {**new, "status": Status.SCHEDULED, "run_at": planned}
    return {**new, "status": Status.RETRYING, "parked_until": planned}


def _planned(lost: Job, now: float) -> float | None:
    if waited_event(lost) is not None:
        # set no due time: the function runs at once, checks whether the event has come, and waits again if it has not
        return None
    at = lost.next_attempt_at or (lost.run_at if lost.status is Status.SCHEDULED else None)
    return at if at is not None and at > now else None


def _idle() -> dict[str, Any]:
    """Return the fields of a job without a worker and without a message."""
    return {
        "sent": False, "resends": 0, "lease_until": None, "parked_until": None, "stalled_since": None, "waits": None,
        "passed": None, "position": None,
        "progress": None, "progress_note": None, "request_id": None, "cold_start": None, "receive_count": None,
    }  # fmt: skip

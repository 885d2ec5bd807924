"""Cancel jobs that were made ahead for firings that a schedule no longer has.

The ids of such jobs depend only on the schedule and the time. This module therefore also finds jobs of a run that died
before the schedule recorded them. A run may also make such a job after this check. If that run writes the schedule
first, this change is refused, and its repetition checks again. If this change is written first, the write of that run
is refused, and that run cancels the job.
"""

import contextlib

from chalicelib.errors import JobConflict, JobNotFound
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from chalicelib.producing.submission import keyed_id
from chalicelib.schedules.rule import ahead, fires_at
from chalicelib.schedules.schedule import Schedule


def cancel_ahead(dispatcher: Dispatcher, seen: Schedule, after: Schedule | None) -> None:
    """Cancel jobs that may have been made ahead for `seen`, except those of firings that `after` also has.

    `after` replaces `seen`; it is None when the schedule ends. The call takes a read for each firing of the next two
    minutes, and a write only if there is a job.
    """
    for at in ahead(seen, dispatcher.now()):
        if after is None or after.paused or not fires_at(after, at):
            cancel_quietly(dispatcher, job_of(seen, at))


def job_of(schedule: Schedule, at: float) -> str:
    """Return the id of the job of a firing."""
    return keyed_id(schedule.principal, schedule.key(at))


def cancel_quietly(dispatcher: Dispatcher, job_id: str) -> None:
    """Cancel a job that was made ahead of its time; a finished or deleted job is not an error."""
    with contextlib.suppress(JobConflict, JobNotFound):
        Operations(dispatcher).cancel(job_id)

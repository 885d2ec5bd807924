"""Do what follows the end of a job that no worker ends."""

from chalicelib.jobs.job import Job
from chalicelib.operating.callers import wake_caller
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import leave_place


def follow_end(dispatcher: Dispatcher, before: Job, after: Job) -> None:
    """Leave the place of a job that was ended without a worker, or woken to undo its steps; wake its caller at its end.

    Never raises, because the change of the job is stored.
    """
    leave_place(dispatcher, before, after)
    if after.terminal:
        wake_caller(dispatcher, after)

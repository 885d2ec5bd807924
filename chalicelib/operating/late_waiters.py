"""Wake a suspended job whose wait is over, although the process that should have woken it has not done so."""

from chalicelib.errors import UNREADABLE, JobNotFound, MoveRefused
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.step import waited_child, waited_event
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.telemetry import events


def has_come(store: JobStore, job: Job) -> bool:
    """Return whether the event for which a suspended job waits is stored, or the job that it has called has ended."""
    if (child := waited_child(job)) is not None:
        try:
            return store.get_without_bodies(child).terminal
        except JobNotFound:
            return True
    return waited_event(job) is not None and store.kept_step(job, job.waits or "") is not None


def wake_late(dispatcher: Dispatcher, job: Job) -> bool:
    """Wake a suspended job and send its message; return False if another process was faster."""
    try:
        woken = dispatcher.wake(job)
    except MoveRefused:
        return False
    events.stalled(job, "its wait was over, and nobody woke it")
    dispatcher.send(woken)
    return True


def wake_if_over(dispatcher: Dispatcher, job: Job) -> bool:
    """Wake a job that is suspended although what it waits for has come; return whether this process has woken it.

    A row that cannot be read counts as not there.
    """
    if job.status is not Status.SUSPENDED:
        return False
    try:
        over = has_come(dispatcher.store, job)
    except UNREADABLE:
        return False
    return over and wake_late(dispatcher, job)

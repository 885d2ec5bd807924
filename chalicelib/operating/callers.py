"""Wake the job that has called a job (`ctx.call`) when the called job has ended."""

from chalicelib.errors import JobNotFound, MoveRefused
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.step import CALL, waited_child
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.telemetry import events


def wake_caller(dispatcher: Dispatcher, ended: Job) -> None:
    """Wake the caller of a job that has ended, if it waits for this job; call this after each end of a job.

    The end is stored before the caller is read, and the caller is suspended before its worker reads the called job. So
    at least one of the two finds the end and the suspended caller. If this process dies in between, the caller looks
    again by itself. Never raises, because the end is stored.
    """
    # the keys of other children begin differently, so their ends cost no read
    if ended.parent is None or not (ended.idempotency_key or "").startswith(CALL):
        return
    try:
        caller = dispatcher.store.get_without_bodies(ended.parent)
        if caller.status is not Status.SUSPENDED or waited_child(caller) != ended.id:
            return
        woken = dispatcher.wake(caller)
        if knows_queue_of(woken.type):
            dispatcher.send(woken)
    except (JobNotFound, MoveRefused):
        return  # it was deleted, or another process was faster
    except Exception as error:
        events.store_failed(ended, error)


def knows_queue_of(job_type: str) -> bool:
    """Return whether this process can find the queue of a type: the file of the type says whether it shares one.

    If the file cannot be imported in this function, the watchdog sends the message.
    """
    try:
        jobtype.declared(job_type)
    except (Exception, SystemExit):
        return False
    return True

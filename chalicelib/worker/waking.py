"""Check whether a suspended job's event has come, or its called job has ended.

The check is made after the suspension, and each time a message is received.
"""

from chalicelib.errors import MoveRefused
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message_fate import Drop, Hold
from chalicelib.jobs.port import JobStore
from chalicelib.operating.late_waiters import has_come
from chalicelib.telemetry import events
from chalicelib.worker.constants import WOKEN_IN


def look(store: JobStore, job: Job, now: float, *, keep: bool) -> Drop | Hold | None:
    """Wake a suspended job that need not wait any more; return what to do with its message. None: it still waits.

    The API stores an event before it reads the job, and a worker suspends the job before it reads the event. So at
    least one of the two finds the event and the suspended job. The same is true for the end of a called job (see
    `operating.callers`). `keep`: the message has receives left, so it can run the woken job.
    """
    if job.status is not Status.SUSPENDED or not has_come(store, job):
        return None
    try:
        events.moved(store.apply(job.id, transitions.wake(job, now=now, sent=keep)), "wake")
    except MoveRefused:
        # The request that posted the event has woken the job, and sends a message. This message can run the job as
        # well.
        keep = True
    return Hold(WOKEN_IN, "woken") if keep else Drop("woken, and another message follows")

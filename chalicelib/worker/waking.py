"""Look whether the event of a suspended job has come: after the job was suspended, and each time a message comes."""

from chalicelib.errors import MoveRefused
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message_fate import Drop, Hold
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.step import waited_event
from chalicelib.telemetry import events
from chalicelib.worker.constants import WOKEN_IN


def look(store: JobStore, job: Job, now: float, *, keep: bool) -> Drop | Hold | None:
    """Wake a suspended job whose event has come; return what to do with its message. None: it still waits.

    The event is stored before anyone looks at the job, and the job is suspended before anyone looks at the event, so
    one of the two sees the other. `keep`: the message has receives left, and runs the woken job.
    """
    if job.status is not Status.SUSPENDED or waited_event(job) is None or job.waits is None:
        return None
    if store.kept_step(job, job.waits) is None:
        return None
    try:
        events.moved(store.apply(job.id, transitions.wake(job, now=now, sent=keep)), "wake")
    except MoveRefused:
        keep = True  # who posted the event has woken the job, and sends a message: this one is as good
    return Hold(WOKEN_IN, "woken") if keep else Drop("woken, and another message follows")

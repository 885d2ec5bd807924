"""Decide what becomes of one message in a dead-letter queue. Pure."""

from dataclasses import dataclass

from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.limits import SEND_GRACE
from chalicelib.jobs.ports import Nudge
from chalicelib.watchdog.rules import Bury, expected


@dataclass(frozen=True, slots=True)
class Remove:
    """The message is evidence of nothing any more."""

    why: str


@dataclass(frozen=True, slots=True)
class Keep:
    """The message stays where it is; `malformed` when it is no nudge of this version."""

    malformed: bool = False


_WHY_REDRIVEN = (
    "Its message reached the dead-letter queue before an attempt could end: look in the worker's log for "
    "an import error, a lost permission, a timeout."
)


def sweep(nudge: Nudge | None, job: Job | None, now: float) -> Remove | Keep | Bury:
    """What to do about a message in a dead-letter queue, its job (None: gone) being as it is at `now`."""
    if nudge is None:
        return Keep(malformed=True)
    if job is None:
        return Remove("no such job")
    if nudge.gen != job.gen:
        return Remove("older generation") if nudge.gen < job.gen else Keep()
    if job.status is Status.DEAD_LETTER:
        return Keep()
    if job.terminal:
        return Remove(f"job is {job.status}")
    # A second message may still carry the job: it gets the time in which a worker would take it.
    return Bury(("Redriven", _WHY_REDRIVEN)) if now >= expected(job) + SEND_GRACE else Keep()

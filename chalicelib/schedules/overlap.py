"""Decide whether a firing of a schedule may run: not while the job of an earlier firing is unfinished."""

from chalicelib.errors import JobNotFound
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore
from chalicelib.schedules.constants import MOST_OVERLAP_STEPS

LOST_WORKERS = frozenset({"WorkerLost", "TooManyClaims", "Undeliverable"})
"""Error classes of dead letters whose workers may have died before they checked whether the firing may run."""


def unfinished_before(store: JobStore, job: Job) -> str | None:
    """Return the id of an earlier firing's job that has not finished; None when there is none, and for other jobs.

    * A firing that did not run, or may not have run, is passed over: the firing before it counts.
    * A job that an operator retried runs in any case, and shows nothing about the firings before it.
    * An earlier firing that an operator retried does not stop a firing that was claimed before the retry, because that
      firing may have begun.
    * While an earlier firing has not finished its first run, a later firing cannot have begun, even if it has claims.

    The check usually takes one read for a firing of a schedule that does not overlap, and none for any other job.
    """
    earlier = job.after if job.gen == 1 else None
    for _ in range(MOST_OVERLAP_STEPS):
        if earlier is None:
            return None
        try:
            found = store.get_without_bodies(earlier)
        except JobNotFound:
            return None
        if not found.terminal and (job.claims <= 1 or found.gen == 1):
            return found.id
        earlier = None if _ran(found) else found.after
    return None


def _ran(firing: Job) -> bool:
    """Return whether the firing's function certainly ran in its first run: all earlier firings had then finished."""
    failed = firing.status is Status.DEAD_LETTER and firing.error_class not in LOST_WORKERS
    return firing.gen == 1 and (firing.status in (Status.COMPLETED, Status.FAILED) or failed)

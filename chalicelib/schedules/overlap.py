"""Decide whether a firing of a schedule may run: not while the job of an earlier firing is unfinished."""

from chalicelib.errors import JobNotFound
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore

MOST_STEPS = 200
"""Firings that may not have run, passed to find the one before them, at a read each. A skipped one names what it was
skipped for, so that only cancelled ones, and those whose workers were lost, make a long way."""
LOST_WORKERS = frozenset({"WorkerLost", "TooManyClaims", "Undeliverable"})
"""Error classes of dead letters whose workers may have died before they asked whether the firing may run."""


def unfinished_before(store: JobStore, job: Job) -> str | None:
    """Return the id of an earlier firing's job that has not finished; None when there is none, and for other jobs.

    * A firing that never ran, or may not have, is passed over: the one before it counts.
    * A job that was retried by hand runs, and says nothing about those before it.
    * An earlier firing that was retried by hand does not stop a firing that was claimed before, which may have begun.
    * While an earlier firing has not finished its first run, a later one cannot have begun, whatever its claims say.

    One read for a firing of a schedule that does not overlap, none for any other job.
    """
    earlier = job.after if job.gen == 1 else None
    for _ in range(MOST_STEPS):
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
    """Return whether its function ran for sure in its first run: then all before it had finished by then."""
    failed = firing.status is Status.DEAD_LETTER and firing.error_class not in LOST_WORKERS
    return firing.gen == 1 and (firing.status in (Status.COMPLETED, Status.FAILED) or failed)

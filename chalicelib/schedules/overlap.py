"""Find out whether a firing of a schedule may run: not while the job of an earlier one has not finished."""

from chalicelib.errors import JobNotFound
from chalicelib.jobs.job import SKIPPED, Job
from chalicelib.jobs.port import JobStore

MOST_STEPS = 200
"""Firings that never ran, passed to find the one before them, at a read each. A skipped one names what it was skipped
for, so that only cancelled ones make a long way."""


def unfinished_before(store: JobStore, job: Job) -> str | None:
    """Return the id of an earlier firing's job that has not finished; None when there is none, and for other jobs.

    * A firing that never ran is passed over: the one before it counts.
    * A job that was retried by hand runs.
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
        if not found.terminal:
            return found.id if job.claims <= 1 or found.gen == 1 else None
        earlier = found.after if found.error_class == SKIPPED or found.started_at is None else None
    return None

"""Find out whether a lost attempt has kept steps."""

from chalicelib.errors import RowNotSigned
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.step import number_kept


def newly_kept(store: JobStore, lost: Job) -> int | None:
    """Return the number of kept steps if lost attempts have kept some; the job then has all its attempts again.

    A lost attempt has not written to the job what it has kept, so this reads the steps: one query. Call it only before
    a job is given up or stopped. Returns None also if a kept step is forged: nobody continues from it.
    """
    try:
        found = number_kept(store.kept_steps(lost))
    except RowNotSigned:
        return None
    return found if found > lost.kept else None

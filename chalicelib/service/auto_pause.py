"""Change the row of a job type that pauses by itself, whoever else changes it at the same time."""

from chalicelib.jobs.auto_pause import AutoPause, Decide
from chalicelib.jobs.ports import AutoPauses

MOST_TRIES = 6
"""Writes of one change; a type's workers may all fail within the same milliseconds."""


def change(rows: AutoPauses, job_type: str, decide: Decide, seen: AutoPause | None = None) -> AutoPause | None:
    """Write what `decide` makes of the row, and return it; None when nothing is to be written.

    `seen` is the row as it was read some time ago. Raises TimeoutError when every try meets another writer, and what
    the store raises.
    """
    found = rows.read(job_type) if seen is None else seen
    for _ in range(MOST_TRIES):
        new = decide(found)
        if new is None:
            return None
        if (written := rows.replace(job_type, found, new)) is not None:
            return written
        found = rows.read(job_type)
    raise TimeoutError(f"Too many workers tell of failures of {job_type} at once.")

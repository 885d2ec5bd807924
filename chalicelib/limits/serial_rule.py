"""Name the key of jobs that run one at a time, and its lock. Pure."""

import uuid

from chalicelib.errors import RetryLater
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import KeyLock

NAMESPACE = uuid.UUID("c0a7f6e4-5d0b-5e3c-9a51-6f0e8f2d4b17")
"""UUID namespace of the rows that say which attempt runs for a key."""


class KeyHeld(RetryLater):
    """Another job with the same key runs, so the attempt is given back before the job function is called."""


def row_of(job_type: str, group: str) -> str:
    """Return the id of the row that says which attempt runs for a key."""
    return str(uuid.uuid5(NAMESPACE, f"{job_type}|{group}"))


def lock_of_attempt(held: Job) -> KeyLock:
    """Return the lock of a key for the attempt that holds a job, until its lease ends.

    The lock contains the fencing token, so that a later attempt of the same job is not confused with this one.
    """
    gen, claim = held.token
    return KeyLock(f"{held.id}:{gen}:{claim}", held.lease_until or 0.0)


def named(lock: KeyLock) -> tuple[str, tuple[int, int]]:
    """Return the id of the job whose attempt holds a key, and its fencing token."""
    job_id, gen, claim = lock.job.rsplit(":", 2)
    return job_id, (int(gen), int(claim))

"""Say which jobs run one at a time and in which order: those of a key, on a FIFO queue. Pure."""

import uuid
from typing import TYPE_CHECKING, Any

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.job import Job
from chalicelib.jobs.single import KeyLock
from chalicelib.jobs.tenants import check_field

if TYPE_CHECKING:
    from chalicelib.jobs.types.jobtype import JobType

NAMESPACE = uuid.UUID("c0a7f6e4-5d0b-5e3c-9a51-6f0e8f2d4b17")
"""UUID namespace of the rows that say which attempt runs for a key."""
ENDING = ".fifo"
"""Ends the name of each FIFO queue: SQS asks for it."""
EXCLUDED = {"serial_by": ("rate", "fair_by", "window", "pause_when"), "fair_by": ("rate",)}
"""Options that cannot be combined with one that names a group. With `serial_by`: `rate`, because a job that waits for
its turn would block its key; `fair_by`, because SQS already takes turns among the keys; `window`, which Lambda does not
have for FIFO queues; `pause_when`, because a probe would run out of order. With `fair_by`: `rate`, because turns to
start are given in the order of arrival, so one tenant's backlog would take them all."""


def check_groups(declared: "JobType[Any, Any]") -> None:
    """Raise ConfigurationError for a field that cannot name a group, or an option that does not go with `serial_by`."""
    for option in ("fair_by", "serial_by"):
        check_field(declared.name, option, getattr(declared, option), declared.payload_model)
    for option, others in EXCLUDED.items():
        both = [other for other in others if getattr(declared, other)]
        if getattr(declared, option) is not None and both:
            raise ConfigurationError(f"{declared.name}: {option} does not go with {' and '.join(both)}")


def row_of(job_type: str, group: str) -> str:
    """Return the id of the row that says which attempt runs for a key."""
    return str(uuid.uuid5(NAMESPACE, f"{job_type}|{group}"))


def lock_of_attempt(held: Job) -> KeyLock:
    """Return the lock of a key by the attempt that holds a job, until its lease ends.

    The name contains the fencing token, so that a later attempt of the same job is not taken for this one.
    """
    gen, claim = held.token
    return KeyLock(f"{held.id}:{gen}:{claim}", held.lease_until or 0.0)


def named(lock: KeyLock) -> tuple[str, tuple[int, int]]:
    """Return the id of the job whose attempt holds a key, and its fencing token."""
    job_id, gen, claim = lock.job.rsplit(":", 2)
    return job_id, (int(gen), int(claim))

"""Describe changes of the stream as plain values; `adapters/dynamo/counting/changes.py` reads its records. Pure."""

from dataclasses import dataclass

from chalicelib.jobs.job import Status


@dataclass(frozen=True, slots=True)
class Image:
    """A job before or after a change. Times in seconds since the epoch."""

    id: str
    type: str
    status: Status
    created_at: float
    updated_at: float
    started_at: float | None = None
    finished_at: float | None = None
    next_attempt_at: float | None = None
    error_class: str | None = None
    error_message: str | None = None
    fingerprint: str | None = None
    sent: bool = True
    resends: int = 0
    at_work: bool = False
    """True if the index lists the job as unfinished: the job has not ended, and does not wait for a later time."""
    order: str = ""
    """The job's key in the index of unfinished jobs; the key begins with the time at which the job was first due."""
    deferred: bool = False
    """True if a retrying job asked for a later run: no attempt failed."""
    lease_until: float | None = None
    again: bool = False
    """True if the present attempt is a retry: of a failed attempt, or by hand."""
    kept: int = 0
    made: bool = False
    """True if no request made the job, but another job or a schedule."""
    tenant: str | None = None
    high: bool = False
    """True if the job's priority is `high`: its message may pass earlier ones, in the urgent queue of its type."""


@dataclass(frozen=True, slots=True)
class JobChange:
    """A change of one job, its position in the shard, and when the stream received it.

    `before` and `after` are the states of the job; None: the job did not exist then.
    """

    sequence: str
    before: Image | None
    after: Image | None
    at: float


@dataclass(frozen=True, slots=True)
class CanaryPassed:
    """An item that a recount wrote: the stream has delivered everything before it in this shard."""

    sequence: str
    run: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that cannot be counted, and why. Such a record is skipped, because every retry would fail."""

    sequence: str
    item: str
    why: str


Told = JobChange | CanaryPassed | Unreadable

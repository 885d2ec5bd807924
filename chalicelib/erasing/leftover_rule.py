"""Decide what may be left of a job whose row has expired, and which rows and objects are of this job. Pure."""

from dataclasses import dataclass
from typing import Self

from chalicelib.job_types.checks import JOB_ID
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import among_children
from chalicelib.jobs.retention import KEEP_BODIES, LEAST_KEPT

KEY_PARTS = 5
"""Number of parts in the name of an object."""
IN_S3 = "s3:"
"""Beginning of a reference to a payload or result in S3."""


@dataclass(frozen=True, slots=True)
class Expired:
    """A job whose row has expired: which job it was, and what of it may be in S3. Times in epoch seconds."""

    job: str
    type: str
    expires_at: float
    payload: bool = False
    """Whether its payload may have been an object in S3."""
    results: bool = False
    """Whether a result may be: its own, or that of a worker that has lost the job."""
    parent: str | None = None
    """The job that has made it, and under which name it is in the list of that job."""
    listed: str | None = None

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return what is stored of a job that has expired."""
        results = _in_s3(job.result_ref) or _may_have_lost_a_result(job)
        # a debounced request, or a retry with another payload, may have replaced a payload in S3 by a small one: each
        # begins a new line
        payload = _in_s3(job.payload_ref) or job.line > 1
        listed = None if job.parent is None else among_children(job)
        return cls(job.id, job.type, job.expires_at or 0.0, payload, results, job.parent, listed)


def leaves_something(job: Job) -> bool:
    """Return whether something may be left beside the row of an expired job, as far as the row knows.

    `infra.definition.lambdas.functions.LEFT` is the same rule as an event filter, so that no other job costs an
    invocation.
    """
    if not JOB_ID.fullmatch(job.id) or not _ended_before(job):
        return False
    beside = job.payload_ref is not None or job.result_ref is not None or bool(job.kept) or job.acted is not None
    return beside or job.gen > 1 or _ran_again_or_failed(job)


def may_go(key: str, job_id: str) -> bool:
    """Return whether an object below the prefixes of an expired job may be removed, as far as its name says.

    Each write makes an object with a name of its own: `<prefix>/<folder>/<job>/<write>/<name>`. An earlier version
    derived the name of a payload from its content. A request whose job id follows from a key then writes an object
    again under its name, before the job's row, and an invocation of that version may still do so beside the removal.
    (With a random id, only a debounced request that makes its job again under the id in the row of its key does so:
    that the removal meets it, in that version, is accepted.)
    """
    of_its_own = key.count("/") == KEY_PARTS - 1
    return of_its_own or not key.startswith("payloads/") or job_id[14] != "5"


def row_is_left(end: int | None, expired: Expired) -> bool:
    """Return whether a row with this expiry was written for the expired job, and not for a later job with its id.

    A row is kept for KEEP_BODIES from its writing on, or for longer. The job had ended days before its row expired, so
    what was written for it ends before this time; what is written for a later job ends after it.
    """
    return end is not None and end < expired.expires_at + KEEP_BODIES


def object_is_left(written_at: float, expired: Expired) -> bool:
    """Return whether a version of an object that was written at this time was of the expired job."""
    return written_at < expired.expires_at


def _ended_before(job: Job) -> bool:
    """Return whether the job had ended, and long enough before its row expired.

    A row of an unfinished job has no expiry. If the table removes one, because of a mistake or a changed attribute,
    then what belongs to it stays: a restore brings the job back, and needs it.
    """
    if not job.terminal or job.expires_at is None or job.finished_at is None:
        return False
    return max(job.created_at, job.finished_at) + LEAST_KEPT <= job.expires_at


def _may_have_lost_a_result(job: Job) -> bool:
    """Return whether a result may be in S3 that the row does not name: of an attempt whose end was refused.

    An operator's retry and a restore count the claims anew. A debounced request raises `gen` before the first attempt.
    """
    earlier_run = job.gen > 1 and (job.acted is not None or job.restored_at is not None)
    return earlier_run or _ran_again_or_failed(job)


def _ran_again_or_failed(job: Job) -> bool:
    return job.claims > 1 or (bool(job.claims) and job.status is not Status.COMPLETED)


def _in_s3(reference: str | None) -> bool:
    return reference is not None and reference.startswith(IN_S3)

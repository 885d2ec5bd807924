"""Decide which changes are ends, and what is told of them. Pure."""

from datetime import UTC, datetime
from typing import Any, cast

from chalicelib.job_types.end import JobEnd
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job
from chalicelib.jobs.tenants import shown, tenant_of
from chalicelib.producing.submission import Submission, key_of_place

KEY = "on_end"


def has_ended(change: JobChanged) -> bool:
    """Return whether this change ended a run of a job that tells its end.

    The discard of a failed job is no end, because the run had already ended. A row that appears with an end, as from a
    restore, is none either.
    """
    before, after = change.before, change.after
    if before is None or after is None or after.on_end is None:
        return False
    return after.terminal and not before.terminal


def end_id(job: Job) -> str:
    """Return the id of the job that tells the end of this job's present run."""
    return Lineage.of(job).child_id(job.on_end or "", _key(job))


def told(job: Job, *, has_result: bool) -> Submission:
    """Return the request for the job that tells the end: the same for the same end, however often it is made."""
    end = JobEnd(
        job_id=job.id,
        type=job.type,
        status=cast("Any", job.ended_as or str(job.status)),
        run=job.gen,
        attempts=job.attempts,
        error_class=job.error_class,
        error_message=job.error_message,
        has_result=has_result,
        created_at=_time(job.created_at),
        started_at=None if job.started_at is None else _time(job.started_at),
        finished_at=_time(job.finished_at or job.updated_at),
        key=job.idempotency_key,
        tags=shown(job.tags),
        tenant=tenant_of(job.tags),
        parent=job.parent,
    )
    return Submission(
        job.on_end or "",
        end.model_dump(mode="json"),
        idempotency_key=_key(job),
        correlation_id=job.correlation_id,
        lineage=Lineage.of(job),
        of_end=True,
    )


def _key(job: Job) -> str:
    # it contains a space, so it is never equal to a key of `ctx.enqueue`
    return key_of_place(KEY, job.gen)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

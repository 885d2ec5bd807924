"""Decide what is reported of an end. Pure."""

from datetime import UTC, datetime
from typing import Any, cast

from chalicelib.job_types.end import JobEnd
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs.job import Job
from chalicelib.jobs.tenants import shown, tenant_of
from chalicelib.jobs.trace import carried
from chalicelib.producing.submission import Submission, key_of_place

KEY = "on_end"


def end_id(job: Job) -> str:
    """Return the id of the job that tells the end of this job's present run."""
    return Lineage.of(job).child_id(job.on_end or "", _key(job))


def submission_of_end(job: Job, *, has_result: bool) -> Submission:
    """Return the request for the job that tells the end: the same for the same end, however often it is made."""
    return Submission(
        job.on_end or "",
        end_of(job, has_result=has_result).model_dump(mode="json"),
        idempotency_key=_key(job),
        correlation_id=job.correlation_id,
        lineage=Lineage.of(job),
        of_end=True,
        trace=carried(job),
    )


def end_of(job: Job, *, has_result: bool) -> JobEnd:
    """Return the end of a job."""
    return JobEnd(
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


def _key(job: Job) -> str:
    # it contains a space, so it is never equal to a key of `ctx.enqueue`
    return key_of_place(KEY, job.gen)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

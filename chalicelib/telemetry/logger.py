"""Write log lines: the one logger, and the keys of every line about a job."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.jobs.job import Job, Status
from chalicelib.telemetry.emf import SERVICE

STATED = frozenset({
    ("job.created", Status.QUEUED), ("attempt.started", Status.PROCESSING), ("attempt.completed", Status.COMPLETED),
})  # fmt: skip
"""Events of every job whose name says the state: no need to pay for saying it twice."""


@functools.cache
def logger() -> Logger:
    """The one logger; its level is LOG_LEVEL's (Powertools reads it)."""
    # nothing here is traced by X-Ray, but Lambda gives every invocation an id for it
    return Logger(service=SERVICE, location=None, utc=True, datefmt="%Y-%m-%dT%H:%M:%S.%FZ", xray_trace_id=None)


def job_keys(job: Job) -> dict[str, Any]:
    """Return the keys of every line about a job."""
    return {
        "job_id": job.id, "job_type": job.type, "gen": job.gen, "attempt": job.attempts,
        "correlation_id": job.correlation_id,
    }  # fmt: skip


@contextmanager
def about(**keys: Any) -> Iterator[None]:
    """Put keys on every line written inside, and take them off again: records of a batch must not bleed."""
    with logger().append_context_keys(**keys):
        yield


def event(name: str, job: Job, level: str = "INFO", **extra: Any) -> None:
    """A line about a job; what is None is left out."""
    facts = {key: value for key, value in extra.items() if value is not None}
    state = {} if (name, job.status) in STATED else {"status": str(job.status)}
    getattr(logger(), level.lower())(name, extra={**job_keys(job), **state, **facts})

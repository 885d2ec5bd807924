"""Make jobs as children of the job whose attempt runs here, without a request to the API."""

import json
import os
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from jobflow.client.batches import BatchedJob, failed
from jobflow.client.calls import NewJob, SubmittedJob
from jobflow.client.encoding import as_body, as_payload, as_seconds, type_name
from jobflow.context import RUNNING, Attempt
from jobflow.errors import ApiError

CREATED = 201
"""The status of a stored job in the result of a batch."""


def submit(attempt: Attempt, asked: NewJob) -> SubmittedJob:
    """Store a child of the attempt's job, as `ctx.enqueue` does, and return it.

    Raises the platform's errors: ConfigurationError for a type that is not in `enqueues=`, InvalidPayload,
    InvalidRequest.
    """
    job = attempt.submit(
        type_name(asked.type),
        json.loads(as_body(as_payload(asked.payload))),
        key=asked.key,
        delay=None if asked.delay is None else as_seconds("delay", asked.delay),
        run_at=_time(asked.run_at),
        tags=asked.tags,
        debounce=asked.debounce and (asked.debounce[0], as_seconds("debounce", asked.debounce[1])),
        expires=None if asked.expires is None else as_seconds("expires", asked.expires),
        max_attempts=asked.max_attempts,
        on_end=None if asked.on_end is None else type_name(asked.on_end),
        notify=asked.notify,
        priority=asked.priority,
    )
    return _row(job)


def batch(attempt: Attempt, jobs: Iterable[NewJob]) -> list[BatchedJob]:
    """Store many children of the attempt's job, one after the other; return their results.

    Raises what `submit` raises, except an error of the API (under `jobflow.testing.eager`), which is the result of its
    job.
    """
    return [_result(attempt, job) for job in jobs]


def _result(attempt: Attempt, asked: NewJob) -> BatchedJob:
    try:
        made = submit(attempt, asked)
    except ApiError as error:
        told = failed(error)
        return BatchedJob(told.status, None, told.problem, None, asked.key or "")
    return BatchedJob(CREATED, made, None, None, made.idempotency_key or "")


def in_function() -> bool:
    """Return whether this process runs job functions: in their attempts, a client needs no URL and no token."""
    return RUNNING.get() is not None or "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def _time(when: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(when) if isinstance(when, str) else when


def _row(job: Any) -> SubmittedJob:
    """Return the platform's job as the API would return it."""
    known: dict[str, Any] = {one.name: getattr(job, one.name, None) for one in fields(SubmittedJob)}
    known |= dict.fromkeys(("tenant", "progress", "discarded", "existing"))
    known |= {"status": str(job.status), "tags": list(job.tags), "expires_at": job.start_by}
    known |= {name: _moment(at) for name, at in known.items() if name.endswith("_at")}
    return SubmittedJob(**known)


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)

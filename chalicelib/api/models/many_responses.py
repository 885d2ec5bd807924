"""Declare the answers about many jobs at once."""

from typing import Literal

from pydantic import Field

from chalicelib.api.models.responses import Answer, JobRow, Problem, Time
from chalicelib.jobs.job import Status


class Descendants(Answer):
    """Count the descendants of a job that were cancelled, were asked to stop, or had already finished."""

    cancelled: int = Field(description="Waiting jobs that will not run")
    asked: int = Field(description="Running jobs that were asked to stop; jobs that they still make are not cancelled")
    finished: int = Field(description="Finished jobs, unchanged")
    more: bool = Field(description="The time was too short, or there are over 10,000: repeat the request to continue")


class CancelledJob(JobRow):
    """A job after its cancellation."""

    descendants: Descendants | None = Field(None, description="null unless the request asked for them")


class DeletedJob(Answer):
    """A job that nobody finds any more."""

    id: str
    type: str
    status: Status
    deleted_at: Time


class Skipped(Answer):
    """A job that a bulk action skipped."""

    id: str
    reason: str


class BulkAnswer(Answer):
    """The outcome of a bulk action. While `more` is true, send the same request with `next_cursor` to continue."""

    matched: int
    done: int
    skipped: list[Skipped]
    more: bool
    next_cursor: str | None = Field(description="Cursor of the next part; null at the end, and for a list of ids")


class BatchResult(Answer):
    """The outcome of one job of a batch: a job with status 200 or 201, or a problem with status 4xx or 503.

    503 means that the job could not be stored.
    """

    status: int
    job: JobRow | None = None
    problem: Problem | None = None
    existing: Literal["key", "unique", "debounced"] | None = Field(
        None,
        description="Why the job already existed: the same key, the same unique values, or a waiting job of its "
        "debounce key, which it replaced. null: it is new",
    )


class BatchAnswer(Answer):
    """One result for each job, in the same order."""

    results: list[BatchResult]

"""Declare the answers of the calls that are about many jobs at once."""

from pydantic import Field

from chalicelib.api.responses import Answer, JobRow, Problem


class BatchResult(Answer):
    """The outcome of one job of a batch: a job with 201 or 200, a problem with 4xx; 503 if it could not be stored."""

    status: int
    job: JobRow | None = None
    problem: Problem | None = None


class BatchAnswer(Answer):
    """One result for each job, in their order."""

    results: list[BatchResult]


class Skipped(Answer):
    """A job that a bulk action left alone."""

    id: str
    reason: str


class BulkAnswer(Answer):
    """The outcome of a bulk action. While `more` is true, the same request with this cursor continues."""

    matched: int
    done: int
    skipped: list[Skipped]
    more: bool
    next_cursor: str | None = Field(description="Where to go on; null at the end, and for a list of ids")

"""Define the client's errors: API errors, requests that failed, and unsuccessful jobs."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobflow.models import BatchDetail, BatchResult, BulkActionRow, FieldProblem, JobDetail


class JobFlowError(Exception):
    """The base of all errors of the client."""


class ConfigurationError(JobFlowError):
    """No usable address or token was found; the message says where to set them."""


class NotReached(JobFlowError):
    """The API did not answer; it may have handled the request."""


class UnexpectedAnswer(JobFlowError):
    """The answer is not from the API: another program may listen at this address."""


class WaitTimeout(JobFlowError, TimeoutError):
    """The job had not finished in the given time; `job` is its last known state."""

    def __init__(self, job: "JobDetail", seconds: float) -> None:
        super().__init__(f"Job {job.id} is still {job.status} after {seconds:g} s.")
        self.job = job


class BulkNotFinished(JobFlowError, TimeoutError):
    """The bulk action had not finished in the given time. The action continues; `bulk` is its last known state."""

    def __init__(self, bulk: "BulkActionRow", seconds: float) -> None:
        super().__init__(
            f"Bulk action {bulk.id} is still {bulk.state} after {seconds:g} s: {bulk.matched} jobs until then."
        )
        self.bulk = bulk


class BatchNotEnded(JobFlowError, TimeoutError):
    """The batch had not ended in the given time. Its members continue; `batch` is its last known state."""

    def __init__(self, batch: "BatchDetail", seconds: float) -> None:
        ended = f"{batch.newest.done} of {'?' if batch.newest.total is None else batch.newest.total}"
        super().__init__(f"Batch {batch.id} is still {batch.state} after {seconds:g} s: {ended} members have ended.")
        self.batch = batch


class MembersNotAdded(JobFlowError):
    """Some jobs are not members of the batch, which stays open. `batch` is its id, `results` are those of all jobs.

    Correct the jobs and call `start_batch` again with the same key: members that exist are found.
    """

    def __init__(self, batch: str, results: "Sequence[BatchResult]") -> None:
        wrong = [(place, one.problem) for place, one in enumerate(results) if one.problem is not None]
        place, first = wrong[0]
        told = f"{len(wrong)} of {len(results)} jobs were not added to the batch {batch}"
        super().__init__(f"{told}. The first is number {place}: {first.detail}")
        self.batch = batch
        self.results = results


class JobNotCompleted(JobFlowError):
    """The job ended without a result: it failed, was dead-lettered or cancelled. `job` is its last state."""

    def __init__(self, job: "JobDetail") -> None:
        why = f": {job.error_class}: {whole_message(job)}" if job.error_class else ""
        super().__init__(f"Job {job.id} ({job.type}) is {job.status}{why}")
        self.job = job


def whole_message(job: "JobDetail") -> str:
    """Return the whole message of a job's last error, from its attempts: the job may store only the beginning."""
    kept = job.error_message or ""
    texts = [one.error_message or "" for one in sorted(job.attempt_history or (), key=lambda one: one.started_at)]
    whole = [text for text in texts if kept.endswith("…") and text.startswith(kept[:-1])]
    return whole[-1] if whole else kept


def _told(error: "FieldProblem") -> str:
    """Return a wrong field and what is wrong; an error about several fields together may have no path."""
    return f"{'.'.join(map(str, error.loc))}: {error.msg}".removeprefix(": ")


class ApiError(JobFlowError):
    """The API answered with an error. `errors` names each wrong field; `retry_after` is in seconds, if given."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str | None = None,
        errors: "list[FieldProblem] | None" = None,
        correlation_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.errors = errors or []
        self.correlation_id = correlation_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        """Return the API's message and each wrong field."""
        return "\n  ".join([self.detail, *map(_told, self.errors)])

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make the error again from a pickle, so that a process pool can raise it."""
        return (type(self), (self.status, self.detail), self.__dict__)


class BadRequest(ApiError):
    """400: the request cannot be read."""


class NotAuthenticated(ApiError):
    """401: no token, or an invalid one."""


class NotAllowed(ApiError):
    """403: the token's role does not allow this."""


class NotFound(ApiError):
    """404: the resource does not exist."""


class Conflict(ApiError):
    """409: the state of the resource does not allow this."""


class TooLarge(ApiError):
    """413: the body is too large."""


class NotSupported(ApiError):
    """415: the body has the wrong content type."""


class Invalid(ApiError):
    """422: a field is wrong."""


class TooManyRequests(ApiError):
    """429: too many requests; `retry_after` says when to retry."""


class ServerError(ApiError):
    """5xx: the API failed."""


class Unavailable(ServerError):
    """503: the API could not do this now."""


BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    415: NotSupported,
    422: Invalid,
    429: TooManyRequests,
    503: Unavailable,
}
"""The classes, by status, for problems whose name this version of the client does not know."""

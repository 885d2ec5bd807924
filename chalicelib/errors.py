"""Every error JobFlow raises, as a tree of sentences. What each one becomes over HTTP is `api/http/problems.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class JobFlowError(Exception):
    """The base of all errors that JobFlow raises."""


class ConfigurationError(JobFlowError):
    """The environment or a declaration is wrong; the message says which name and what would be right."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field: where (`loc`, outermost first) and what would be right (`msg`)."""

    loc: tuple[str | int, ...]
    msg: str


class InvalidRequest(JobFlowError):
    """The request says something that cannot be done; `errors` names each field."""

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)

    def told(self) -> str:
        """Return each wrong field and what would be right, in one line."""
        return "; ".join(f"{'.'.join(map(str, error.loc))}: {error.msg}" for error in self.errors)


class MalformedRequest(JobFlowError):
    """The request cannot be read at all: not JSON, not an object, a header that is not allowed."""


class InvalidPosition(InvalidRequest):
    """A listing cannot go where the request points: a cursor that is not ours, an offset that is too deep."""


class InvalidPayload(InvalidRequest):
    """The payload does not match the schema of its job type."""


class UnknownJobType(InvalidRequest):
    """No job type has that name."""


class JobTypeRetired(InvalidRequest):
    """The job type takes no new jobs; those it has still run."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The job type {name!r} is retired.", [FieldError(("type",), "takes no new jobs; use another type")]
        )


class IdempotencyMismatch(InvalidRequest):
    """The Idempotency-Key was used before with another body."""


class NotStored(JobFlowError):
    """The store did not answer while a batch was stored: it did not confirm this job."""


class RowRefused(JobFlowError):
    """A counter row cannot take a write, now or later: it is full, or the write is not valid."""


class JobNotFound(JobFlowError):
    """No job has that id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"No job has the id {job_id!r}.")
        self.job_id = job_id


class JobTypeNotFound(JobFlowError):
    """No job type has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No job type has the name {name!r}.")
        self.name = name


class ScheduleNotFound(JobFlowError):
    """No schedule has that id."""

    def __init__(self, schedule_id: str) -> None:
        super().__init__(f"No schedule has the id {schedule_id[:80]!r}.")
        self.schedule_id = schedule_id


class ScheduleConflict(JobFlowError):
    """The operation is not possible: the id is taken, the code declares the schedule, or somebody changed it."""


class TokenNotFound(JobFlowError):
    """No token has that id."""

    def __init__(self, token_id: str) -> None:
        super().__init__(f"No token has the id {token_id!r}.")
        self.token_id = token_id


class PayloadNotFound(JobFlowError):
    """The payload of that run is not kept: it was not changed after it, or it was too long ago."""

    def __init__(self, job_id: str, gen: str) -> None:
        super().__init__(f"Job {job_id} has no other payload from run {gen}.")


class BulkActionNotFound(JobFlowError):
    """No bulk action has that id."""

    def __init__(self, bulk_id: str) -> None:
        super().__init__(f"No bulk action has the id {bulk_id!r}.")
        self.bulk_id = bulk_id


class MoreThanExpected(JobFlowError):
    """An action on many jobs would change more of them than its caller has counted."""

    def __init__(self, found: int, expected: int) -> None:
        told = f"{found:,} jobs or more would be changed, and {expected:,} were expected"
        super().__init__(f"{told}. Nothing was changed: count again.")


class ErrorGroupNotFound(JobFlowError):
    """No group of errors has that fingerprint: no job failed so within 30 days."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(f"No error of the last 30 days has the fingerprint {fingerprint!r}; GET /errors lists them.")


class TooManyMarks(JobFlowError):
    """So many groups of errors are acknowledged or resolved that no further one can be."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most:,} groups of errors are acknowledged or resolved; reopen some, they go after a day.")


class JobExists(JobFlowError):
    """A job with that id is already there; `existing` is that Job."""

    def __init__(self, existing: Any) -> None:
        super().__init__(f"Job {existing.id} already exists.")
        self.existing = existing


class MoveRefused(JobFlowError):
    """The job is not in a state from which this change may happen; `current` is the Job as it stands, or None."""

    def __init__(self, move: str, current: Any) -> None:
        state = "is gone" if current is None else f"is {current.status} (gen {current.gen})"
        super().__init__(f"Move {move!r} refused: the job {state}.")
        self.move = move
        self.current = current


class JobConflict(JobFlowError):
    """The operation is not possible in the state the job is in."""


class PermanentError(JobFlowError):
    """Raise it in a job function when trying again cannot help: the job fails at once, without a retry."""


class RetryLater(JobFlowError):
    """Raise it in a job function to come again in `seconds` (1 to 7 days), without charging an attempt.

    For services that say when: 429 with Retry-After, a daily quota. `reason` is shown on the job.
    """

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(reason or f"asked to come again in {seconds:g} s")
        self.seconds = seconds


class PayloadUnreadable(JobFlowError):
    """A payload that is kept in S3 is gone, or this function may not read it; S3 does not tell which."""


class RowNotSigned(JobFlowError):
    """The row of a job was written by somebody who may not make such jobs, or its key is not valid here."""

    def __init__(self) -> None:
        super().__init__("The job's row was not signed by this platform.")


class SecretUnavailable(JobFlowError):
    """A declared secret cannot be read: it is not there, not allowed to this function, or its store does not answer."""


class StartUnavailable(JobFlowError):
    """Raised when nobody can tell whether a job may start now: a table does not answer."""


class RateUnavailable(StartUnavailable):
    """The start of a job cannot be planned, because the table that keeps its type's rate does not answer."""


class KeyUnavailable(StartUnavailable):
    """Raised when nobody can tell whether another job of the same key runs: the table of jobs does not answer."""


class ClaimedLate(StartUnavailable):
    """Raised when the table answered a claim so late that the function would be cut off: the attempt is given back."""


class EarlierUnknown(StartUnavailable):
    """Raised when nobody can tell whether an earlier firing of the schedule has finished: the table does not answer."""


class PayloadRefused(JobFlowError):
    """A stored payload does not fit today's schema: a deploy has changed it since the job was created."""


class JobCancelled(JobFlowError):
    """Raised by `ctx.check_cancelled()` when someone asked for the job to stop."""


class LeaseLost(JobFlowError):
    """Another worker took this job over; nothing this attempt does is recorded any more."""


class MalformedMessage(JobFlowError):
    """This version cannot read a queue message."""


class Unauthorized(JobFlowError):
    """No token, or one that is unknown, expired or revoked.

    `why` and `principal` (the token's id, if it is one of ours) are for the log: callers get one sentence for all.
    """

    def __init__(self, detail: str, why: str = "no bearer token", principal: str | None = None) -> None:
        super().__init__(detail)
        self.why = why
        self.principal = principal


class Forbidden(JobFlowError):
    """The token is good, but its role may not do this."""


class RateLimited(JobFlowError):
    """Too many requests from one address or with one token; the next one is let in after `retry_after` seconds."""

    def __init__(self, limit: int, window: int, retry_after: int, of: str) -> None:
        super().__init__(f"At most {limit:,} writing requests in {window} seconds {of}.")
        self.retry_after = retry_after


class ReadsLimited(RateLimited):
    """One token has read too much; `retry_after` says in how many seconds it may read again."""

    def __init__(self, limit: int, window: int, retry_after: int) -> None:
        JobFlowError.__init__(self, f"At most {limit:,} read units of the tables in {window} seconds for one token.")
        self.retry_after = retry_after


class PayloadTooLarge(JobFlowError):
    """The request body is larger than the limit."""


class UnsupportedMediaType(JobFlowError):
    """The request body says that it is something else than JSON."""

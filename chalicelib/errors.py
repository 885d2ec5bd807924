"""Define every error that JobFlow raises. `api/http/problems.py` maps each one to HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class JobFlowError(Exception):
    """The base of all errors that JobFlow raises."""


class ConfigurationError(JobFlowError):
    """The environment or a declaration is wrong; the message names the setting and the valid values."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One problem of one field: its path (`loc`, outermost first) and the valid values (`msg`)."""

    loc: tuple[str | int, ...]
    msg: str


class InvalidRequest(JobFlowError):
    """The request is invalid; `errors` names each field."""

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)

    def told(self) -> str:
        """Return each wrong field and its valid values, in one line."""
        return "; ".join(f"{'.'.join(map(str, error.loc))}: {error.msg}" for error in self.errors)


class MalformedRequest(JobFlowError):
    """The request cannot be read: not JSON, not an object, or a header that is not allowed."""


class InvalidPosition(InvalidRequest):
    """The listing has no such position: a cursor that this API did not issue, or an offset that is too large."""


class InvalidPayload(InvalidRequest):
    """The payload does not match the schema of its job type."""


class UnknownJobType(InvalidRequest):
    """No job type has that name."""


class JobTypeRetired(InvalidRequest):
    """The job type accepts no new jobs; its stored jobs still run."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The job type {name!r} is retired.", [FieldError(("type",), "takes no new jobs; use another type")]
        )


class IdempotencyMismatch(InvalidRequest):
    """The Idempotency-Key was used before with another body."""


class NotStored(JobFlowError):
    """The store did not answer in time while a batch was stored, so it is not certain that this job is stored."""


class RowRefused(JobFlowError):
    """A counter row can never accept a write, because it is full or the write is invalid."""


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
    """The operation is not possible: the id is taken, the code declares the schedule, or it was changed meanwhile."""


class TokenNotFound(JobFlowError):
    """No token has that id."""

    def __init__(self, token_id: str) -> None:
        super().__init__(f"No token has the id {token_id!r}.")
        self.token_id = token_id


class PayloadNotFound(JobFlowError):
    """The payload of that run is not stored: it was never replaced, or it has expired."""

    def __init__(self, job_id: str, gen: str) -> None:
        super().__init__(f"Job {job_id} has no other payload from run {gen}.")


class BulkActionNotFound(JobFlowError):
    """No bulk action has that id."""

    def __init__(self, bulk_id: str) -> None:
        super().__init__(f"No bulk action has the id {bulk_id!r}.")
        self.bulk_id = bulk_id


class MoreThanExpected(JobFlowError):
    """An action on many jobs would change more jobs than its caller has counted."""

    def __init__(self, found: int, expected: int) -> None:
        told = f"{found:,} jobs or more would be changed, and {expected:,} were expected"
        super().__init__(f"{told}. Nothing was changed: count again.")


class ErrorGroupNotFound(JobFlowError):
    """No error group has that fingerprint: no job failed with it within 30 days."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(f"No error of the last 30 days has the fingerprint {fingerprint!r}; GET /errors lists them.")


class TooManyMarks(JobFlowError):
    """Too many error groups are acknowledged or resolved to mark another."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most:,} groups of errors are acknowledged or resolved, which is the maximum; reopen some.")


class JobExists(JobFlowError):
    """A job with that id already exists; `existing` is that Job."""

    def __init__(self, existing: Any) -> None:
        super().__init__(f"Job {existing.id} already exists.")
        self.existing = existing


class MoveRefused(JobFlowError):
    """The job's state does not allow this change; `current` is the present Job, or None."""

    def __init__(self, move: str, current: Any) -> None:
        state = "is gone" if current is None else f"is {current.status} (gen {current.gen})"
        super().__init__(f"Move {move!r} refused: the job {state}.")
        self.move = move
        self.current = current


class JobConflict(JobFlowError):
    """The job's state does not allow the operation."""


class PermanentError(JobFlowError):
    """Raise PermanentError in a job function when a retry cannot help: the job fails at once."""


class RetryLater(JobFlowError):
    """Raise RetryLater in a job function to run again in `seconds`, without charging an attempt.

    `seconds` is from 1 second to 7 days. Use RetryLater for a service that says when to try again: an answer 429 with
    Retry-After, or a daily quota. `reason` is shown on the job.
    """

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(reason or f"asked to come again in {seconds:g} s")
        self.seconds = seconds


class Retry(JobFlowError):
    """Raise Retry in a job function to run again in `after` seconds (1 second to 7 days); the attempt is charged.

    The wait has no jitter. After the last attempt the job is dead-lettered. `raise Retry(after=30) from error` records
    that error, as if the function had raised it.
    """

    def __init__(self, reason: str = "", *, after: float) -> None:
        super().__init__(reason or f"asked for a retry in {after:g} s")
        self.after = after


class Suspended(BaseException):
    """Raised by `ctx.sleep`, `ctx.wait_for` or `ctx.step` to end an invocation; the job continues in a later one.

    Do not catch it. Suspended is not a subclass of Exception, so `except Exception` does not catch it; `finally` blocks
    run each time.
    """


class EventTimedOut(PermanentError):
    """Raised by `ctx.wait_for` if the event did not come in time. If the function does not catch it, the job fails."""

    def __init__(self, name: str, at: str) -> None:
        super().__init__(f"The event {name} did not come before {at}.")


class StepFailed(PermanentError):
    """Raised by `ctx.step` after the last try of a step has failed. If the function does not catch it, the job fails.

    `name` is the step, `tries` the number of its tries, and `error` the class and the text of the last error.
    """

    def __init__(self, name: str, tries: int, error: str) -> None:
        super().__init__(f"The step {name} failed {tries} {'time' if tries == 1 else 'times'}, at last with {error}")
        self.name = name
        self.tries = tries
        self.error = error


class StepChanged(JobFlowError):
    """A kept step does not fit the code: its function or its arguments have changed since the step was kept."""

    def __init__(self, name: str, change: str) -> None:
        super().__init__(
            f"The kept step {name} does not fit the code: {change}. The function stopped there; the job waits for a "
            "deploy that fits (docs/job-types/steps.md)."
        )


class VersionRemoved(JobFlowError):
    """A run began with a version of the code that the job type no longer declares."""

    def __init__(self, job_type: str, version: str, present: str) -> None:
        super().__init__(
            f"This run of {job_type} began with version {version}, and the code declares version {present} without it. "
            f"No step was run; the job waits for a deploy with versions=({version!r},), or cancel it."
        )


class PayloadUnreadable(JobFlowError):
    """A payload in S3 is deleted, or this function may not read it; S3 answers the same in both cases."""


class RowNotSigned(JobFlowError):
    """A job's row was written by a program that may not make such jobs, or the row's signing key is not valid here."""

    def __init__(self) -> None:
        super().__init__("The job's row was not signed by this platform.")


class SecretUnavailable(JobFlowError):
    """A declared secret cannot be read: it is missing, not allowed for this function, or its store does not answer."""


class StartUnavailable(JobFlowError):
    """A table does not answer, so it is unknown whether a job may start now."""


class RateUnavailable(StartUnavailable):
    """The start of a job cannot be planned, because the table with its type's rate does not answer."""


class KeyUnavailable(StartUnavailable):
    """The jobs table does not answer, so it is unknown whether another job with the same key runs."""


class ClaimedLate(StartUnavailable):
    """The table answered a claim so late that the function would have too little time: the attempt is given back."""


class EarlierUnknown(StartUnavailable):
    """The jobs table does not answer, so it is unknown whether an earlier firing of the schedule has finished."""


class StoreUnavailable(JobFlowError):
    """A table or a queue does not answer a running function: for a step, its progress, or a job that it makes."""


class PayloadRefused(JobFlowError):
    """A stored payload does not match the current schema: a deploy has changed the schema since the job was created."""


class JobCancelled(JobFlowError):
    """Raised by `ctx.check_cancelled()` if the job was asked to stop; in a job with kept steps, also by its next step.

    The function of such a job can catch JobCancelled, undo its earlier work in further steps, and raise JobCancelled
    again.
    """


class LeaseLost(JobFlowError):
    """Another worker has taken over this job, so this attempt can record nothing more."""


class MalformedMessage(JobFlowError):
    """This version cannot read a queue message."""


class Unauthorized(JobFlowError):
    """There is no token, or an unknown, expired or revoked one.

    `why` and `principal` (the token's id, if the token is stored) are for the log: callers get the same text in all
    cases.
    """

    def __init__(self, detail: str, why: str = "no bearer token", principal: str | None = None) -> None:
        super().__init__(detail)
        self.why = why
        self.principal = principal


class Forbidden(JobFlowError):
    """The token is valid, but its role does not allow this."""


class RateLimited(JobFlowError):
    """Too many requests from one address or token; `retry_after`: seconds until the next request is accepted."""

    def __init__(self, limit: int, window: int, retry_after: int, of: str, remedy: str = "") -> None:
        super().__init__(f"At most {limit:,} writing requests in {window} seconds {of}.{remedy}")
        self.retry_after = retry_after


class ReadsLimited(RateLimited):
    """One token has read too much; `retry_after` is the number of seconds until it may read again."""

    def __init__(self, limit: int, window: int, retry_after: int, setting: str = "") -> None:
        told = f"At most {limit:,} read units of the tables in {window} seconds for one token."
        JobFlowError.__init__(self, f"{told} To raise the limit: {setting}." if setting else told)
        self.retry_after = retry_after


class PayloadTooLarge(JobFlowError):
    """The request body is larger than the limit."""


class UnsupportedMediaType(JobFlowError):
    """The Content-Type of the request body is not JSON."""

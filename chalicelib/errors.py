"""Define every error that JobFlow raises. `api/http/problems.py` maps each one to HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any


class JobFlowError(Exception):
    """The base of all errors that JobFlow raises."""


UNREADABLE = (JobFlowError, LookupError, TypeError, ValueError)
"""Errors that are raised for a stored row that nothing can read. A store that does not answer raises other errors."""


class ConfigurationError(JobFlowError):
    """The environment or a declaration is wrong; the message names the setting and the valid values."""


class CheckFailed(JobFlowError):
    """The model of a payload has raised an unexpected error, which is not shown: it may have a personal value."""


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

    without_personal = False
    """Whether no text of it has a part of a personal field. A mask would then hide a word of the platform itself."""


class UnknownJobType(InvalidRequest):
    """No job type has that name."""


class JobTypeRetired(InvalidRequest):
    """The job type accepts no new jobs; its stored jobs still run."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The job type {name!r} is retired.", [FieldError(("type",), "takes no new jobs; use another type")]
        )


class PriorityRefused(InvalidRequest):
    """The priority would have no effect: the job type has no limits and no urgent=True."""


class IdempotencyMismatch(InvalidRequest):
    """The Idempotency-Key was used before with another body."""


class NotStored(JobFlowError):
    """AWS did not answer, so that it is not certain that this job, or this event, is stored. Repeat the request."""


class IdNotFree(NotStored):
    """The earlier job with this id is being deleted."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"The earlier job with the id {job_id} is being deleted. Send the request again in some minutes."
        )


class NotAudited(JobFlowError):
    """The entry of the audit log could not be stored, so the change was not made."""

    def __init__(self) -> None:
        super().__init__("The change could not be recorded in the audit log, so nothing was done. Repeat the request.")


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


class WebhookNotFound(JobFlowError):
    """No webhook has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No webhook has the name {name[:80]!r}.")
        self.name = name


class WebhookConflict(JobFlowError):
    """The operation is not possible: the name is taken, the webhook was changed meanwhile, or a delivery waits."""


class ViewNotFound(JobFlowError):
    """No view has that id."""

    def __init__(self, view_id: str) -> None:
        super().__init__(f"No view has the id {view_id[:80]!r}.")
        self.view_id = view_id


class LimitNotFound(JobFlowError):
    """No limit has that name."""

    def __init__(self, limit: str) -> None:
        super().__init__("The code declares no limit with this name. GET /limits lists the names.")
        self.limit = limit


class TooManyChangedValues(JobFlowError):
    """A limit has as many values with a number of places of their own as it may have."""


class ViewExists(JobFlowError):
    """A view has that name, and must not be replaced."""

    def __init__(self, name: str, *, changed: bool = False) -> None:
        since = " that was saved at another time; read the views again" if changed else ""
        super().__init__(f"The stage has a view with the name {name!r}{since}.")


class TooManyViews(JobFlowError):
    """The stage has as many views as it may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"The stage has {most:,} views, which is the maximum; delete some.")


class TokenNotFound(JobFlowError):
    """No token has that id."""

    def __init__(self, token_id: str) -> None:
        super().__init__(f"No token has the id {token_id!r}.")
        self.token_id = token_id


class PayloadNotFound(JobFlowError):
    """The payload of that run is not stored: it was never replaced, or it has expired."""

    def __init__(self, job_id: str, gen: str) -> None:
        present = f"GET /jobs/{job_id} returns the payload of the present run"
        super().__init__(f"No earlier payload of run {gen} is stored for job {job_id}; {present}.")


class BulkActionNotFound(JobFlowError):
    """No bulk action has that id."""

    def __init__(self, bulk_id: str) -> None:
        super().__init__(f"No bulk action has the id {bulk_id!r}.")
        self.bulk_id = bulk_id


class ErasureNotFound(JobFlowError):
    """No erasure has that id."""

    def __init__(self, erasure_id: str) -> None:
        super().__init__(f"No erasure has the id {erasure_id!r}.")
        self.erasure_id = erasure_id


class BatchNotFound(JobFlowError):
    """No batch has that id, or its rows were deleted 90 days after its end."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"No batch has the id {batch_id!r}.")
        self.batch_id = batch_id


class BatchConflict(JobFlowError):
    """The batch's state does not allow this: it is closed, or closed with another number of members."""


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


class PartlySwitched(JobConflict):
    """Only one of the two queues of a type was enabled or disabled."""


class PermanentError(JobFlowError):
    """Raise PermanentError in a job function when a retry cannot help: the job fails at once."""


def number_of(value: object) -> float | None:
    """Return a real number as a float: also a Decimal, a Fraction or a number of numpy; None for another value."""
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        return None
    return float(value)


def _seconds(name: str, given: object) -> float:
    """Return seconds as a float; raises TypeError for another value than a number, such as a timedelta."""
    seconds = number_of(given)
    if seconds is None:
        raise TypeError(f"{name} is a number of seconds, such as 60, not {given!r}.")
    return seconds


class RetryLater(JobFlowError):
    """Raise RetryLater in a job function to run again in `seconds`, without charging an attempt.

    `seconds` is from 1 second to 7 days. Use RetryLater for a service that says when to try again: an answer 429 with
    Retry-After, or a daily quota. `reason` is shown on the job.
    """

    def __init__(self, seconds: float, reason: str = "") -> None:
        seconds = _seconds("RetryLater: seconds", seconds)
        super().__init__(reason or f"asked to run again in {seconds:g} s")
        self.seconds = seconds


class Retry(JobFlowError):
    """Raise Retry in a job function to run again in `after` seconds (1 second to 7 days); the attempt is charged.

    The wait has no jitter. After the last attempt the job is dead-lettered. `raise Retry(after=30) from error` records
    that error, as if the function had raised it.
    """

    def __init__(self, reason: str = "", *, after: float) -> None:
        after = _seconds("Retry: after", after)
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


class CallFailed(PermanentError):
    """Raised by `ctx.call` and `ctx.gather` if a called job did not complete.

    If the function does not catch the error, the job fails.
    `job_id` is the job, `status` how it ended, `error_class` and `error_message` its error.
    """

    def __init__(self, job_id: str, status: str, error_class: str | None, error_message: str | None) -> None:
        error = f" with {error_class}: {error_message}" if error_class else ""
        super().__init__(f"Job {job_id} is {status}{error}")
        self.job_id = job_id
        self.status = status
        self.error_class = error_class
        self.error_message = error_message


class ResultRemoved(PermanentError):
    """The result of a job is read, but its type has kept it for a shorter time (`keep`); `job_id` is the job."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"The result of job {job_id} was removed: its type keeps it for a shorter time than the job.")
        self.job_id = job_id


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


class NewerRow(JobFlowError, ValueError):
    """A job's row has a value that only a newer version knows: this version must leave the job alone."""

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(
            f"Job {job_id} has the status {status[:40]!r}, which this version does not know: a newer version has "
            "written it. Repeat the request when the newer version is deployed again."
        )


class RowsUnreadable(JobFlowError):
    """The rows of these jobs are not valid jobs: another version has written them, or they are damaged.

    `found` are the other jobs that were asked for.
    """

    def __init__(self, jobs: Sequence[str], found: Sequence[Any] = ()) -> None:
        super().__init__(f"The job {jobs[0]} cannot be read ({len(jobs)} in all)")
        self.jobs, self.found = jobs, found


class SecretUnavailable(JobFlowError):
    """A declared secret cannot be read: it is missing, not allowed for this function, or its store does not answer."""


class StartUnavailable(JobFlowError):
    """A table does not answer, so it is unknown whether a job may start now."""


class RateUnavailable(StartUnavailable):
    """The start of a job cannot be planned, because the table with its type's rate does not answer."""


class PlaceUnavailable(StartUnavailable):
    """The control table does not answer, so it is unknown whether a place of the job's limit is free."""


class LimitBusy(PlaceUnavailable):
    """A limit gets more requests than DynamoDB allows for one row, so it is unknown whether a place is free."""

    def __init__(self) -> None:
        super().__init__("The limit gets too many requests at once")


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

    `why` and `principal` (if the token is stored) are for the log: a caller is told only that an expired token has
    expired.
    """

    def __init__(self, detail: str, why: str = "no bearer token", principal: str | None = None) -> None:
        super().__init__(detail)
        self.why = why
        self.principal = principal


class TokenNotChecked(JobFlowError):
    """The control table did not answer, so nothing is known about the token."""

    retry_after = 2
    """Seconds until the next request has a chance. The tokens of many callers are read again then."""

    def __init__(self) -> None:
        super().__init__("The token could not be checked. Repeat the request, with the same Idempotency-Key.")


class Forbidden(JobFlowError):
    """The token is valid, but its role does not allow this."""


class SignInNotConfigured(JobFlowError):
    """This stage has no identity provider, so that nobody can sign in."""

    def __init__(self) -> None:
        super().__init__("Sign-in is not set up on this stage (parameter SignInIssuer). Use a token.")


class SignInRefused(Unauthorized):
    """The ID token is not accepted; `why` is a short name of the reason."""

    def __init__(self, why: str, detail: str, principal: str | None = None) -> None:
        super().__init__(f"The sign-in was refused: {detail}. Sign in again.", f"sign-in: {why}", principal)


class NoRole(Forbidden):
    """The person is known, but no group of theirs has a role. `principal`: who it is."""

    def __init__(self, claim: str, principal: str) -> None:
        super().__init__(
            f"You are known to the identity provider, but none of your groups has a role here. Ask an administrator to "
            f"add you to a group of this stage (claim {claim!r} of the ID token), and sign in again."
        )
        self.principal = principal


class SignInUnavailable(JobFlowError):
    """The keys of the identity provider cannot be fetched, so nobody can sign in; sessions stay as they are."""

    retry_after = 30
    """Seconds until the keys are asked for again."""

    def __init__(self) -> None:
        super().__init__("The keys of the identity provider could not be fetched. Sign in again in a moment.")


class SessionNotFound(JobFlowError):
    """The request has no session that could be ended."""

    def __init__(self) -> None:
        super().__init__("This request has a token and no session. `jobflow token revoke` ends a token.")


class OutOfScope(JobFlowError):
    """The token's scope does not allow this; `scope` is the scope in words."""

    def __init__(self, scope: str, why: str) -> None:
        super().__init__(f"The scope of this token ({scope}) does not allow this: {why}.")


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

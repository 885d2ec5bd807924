"""Convert each error to RFC 9457 problem details, with one table."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from chalicelib import errors as e
from chalicelib.api.constants import LONGEST_ERROR_MESSAGE, LONGEST_REPEATED_NAME, MOST_ERRORS
from chalicelib.errors import FieldError, JobFlowError

CONTENT_TYPE = "application/problem+json"

TABLE: dict[type[JobFlowError], tuple[int, str, str]] = {
    e.MalformedRequest: (400, "malformed-request", "The request cannot be read"),
    e.InvalidPosition: (400, "invalid-position", "The listing cannot go there"),
    e.SignInRefused: (401, "sign-in-refused", "The sign-in was refused"),
    e.Unauthorized: (401, "unauthorized", "A valid token is needed"),
    e.NoRole: (403, "no-role", "No group has a role"),
    e.Forbidden: (403, "forbidden", "The token's role does not allow this"),
    e.OutOfScope: (403, "out-of-scope", "The token's scope does not allow this"),
    e.JobNotFound: (404, "job-not-found", "Job not found"),
    e.PayloadNotFound: (404, "payload-not-found", "Payload not found"),
    e.BulkActionNotFound: (404, "bulk-action-not-found", "Bulk action not found"),
    e.ErasureNotFound: (404, "erasure-not-found", "Erasure not found"),
    e.BatchNotFound: (404, "batch-not-found", "Batch not found"),
    e.ErrorGroupNotFound: (404, "error-group-not-found", "Group of errors not found"),
    e.JobTypeNotFound: (404, "job-type-not-found", "Job type not found"),
    e.ScheduleNotFound: (404, "schedule-not-found", "Schedule not found"),
    e.WebhookNotFound: (404, "webhook-not-found", "Webhook not found"),
    e.ViewNotFound: (404, "view-not-found", "View not found"),
    e.LimitNotFound: (404, "limit-not-found", "Limit not found"),
    e.SessionNotFound: (404, "session-not-found", "The request has no session"),
    e.SignInNotConfigured: (404, "sign-in-not-configured", "Sign-in is not set up"),
    e.WebhookConflict: (409, "webhook-conflict", "The webhook's state does not allow this"),
    e.ScheduleConflict: (409, "schedule-conflict", "The schedule's state does not allow this"),
    e.BatchConflict: (409, "batch-conflict", "The batch's state does not allow this"),
    e.MoreThanExpected: (409, "more-than-expected", "More jobs match than were expected"),
    e.TooManyMarks: (409, "too-many-marks", "Too many groups of errors are marked"),
    e.TooManyChangedValues: (409, "too-many-changed-values", "Too many values of the limit are changed"),
    e.ViewExists: (409, "view-exists", "A view has this name"),
    e.TooManyViews: (409, "too-many-views", "The stage has too many views"),
    e.IdNotFree: (409, "id-not-free", "The earlier job of the key is being deleted"),
    e.JobConflict: (409, "job-conflict", "The job's state does not allow this"),
    e.PayloadTooLarge: (413, "body-too-large", "The request body is too large"),
    e.UnsupportedMediaType: (415, "unsupported-media-type", "The request body must be JSON"),
    e.InvalidRequest: (422, "invalid-request", "The request is not valid"),
    e.InvalidPayload: (422, "invalid-payload", "The payload does not match its job type"),
    e.JobTypeRetired: (422, "job-type-retired", "The job type takes no new jobs"),
    e.UnknownJobType: (422, "unknown-job-type", "Unknown job type"),
    e.IdempotencyMismatch: (422, "idempotency-mismatch", "The Idempotency-Key belongs to another request"),
    e.RateLimited: (429, "rate-limited", "Too many requests"),
    e.TokenNotChecked: (503, "token-not-checked", "The token could not be checked"),
    e.SignInUnavailable: (503, "sign-in-unavailable", "The identity provider does not answer"),
    e.NotAudited: (503, "not-audited", "The change could not be recorded"),
    e.NotStored: (503, "not-stored", "The job could not be stored"),
    e.NewerRow: (503, "newer-row", "A newer version has written the job"),
}
"""Status, type and title of every error after which a caller can fix or repeat the request. Any other error is a 500
without details."""


def problem_body(
    status: int,
    title: str | None = None,
    detail: str | None = None,
    correlation_id: str | None = None,
    *,
    kind: str | None = None,
    errors: Sequence[FieldError] = (),
) -> dict[str, Any]:
    """Return a problem as a serialisable object.

    Without a `kind`, its type is `about:blank`, and without a `title`, its title is HTTP's phrase for the status.
    """
    body: dict[str, Any] = {
        "type": f"urn:jobflow:problem:{kind}" if kind else "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or title or HTTPStatus(status).phrase,
    }
    if errors:
        body["errors"] = [
            {"loc": _short(error.loc), "msg": error.msg[:LONGEST_ERROR_MESSAGE]} for error in errors[:MOST_ERRORS]
        ]
        body["errors_total"] = len(errors)
    if correlation_id:
        body["correlation_id"] = correlation_id
    return body


def _short(loc: tuple[str | int, ...]) -> list[str | int]:
    return [part[:LONGEST_REPEATED_NAME] if isinstance(part, str) else part for part in loc]


def row_of(error: JobFlowError) -> tuple[int, str, str] | None:
    """Return the table's row for an error or its base class; None for errors that callers must not see."""
    for ancestor in type(error).__mro__:
        if ancestor in TABLE:
            return TABLE[ancestor]
    return None


def problem_of(error: Exception, correlation_id: str | None = None) -> dict[str, Any]:
    """Return the problem for a caller; an error that callers must not see becomes a 500 without details."""
    row = row_of(error) if isinstance(error, JobFlowError) else None
    if row is None:
        detail = "Internal error. It is logged under this correlation id."
        return problem_body(500, None, detail, correlation_id)
    status, kind, title = row
    found = error.errors if isinstance(error, e.InvalidRequest) else ()
    return problem_body(status, title, str(error), correlation_id, kind=kind, errors=found)


def words_of(error: Exception) -> str:
    """Return the last part of the problem's type in words, such as `out of scope`."""
    row = row_of(error) if isinstance(error, JobFlowError) else None
    return "internal error" if row is None else row[1].replace("-", " ")


def headers_of(error: Exception) -> dict[str, str]:
    """Return the headers of an error's answer."""
    if isinstance(error, (e.RateLimited, e.TokenNotChecked, e.SignInUnavailable)):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, e.Unauthorized):
        return {"WWW-Authenticate": 'Bearer realm="jobflow"'}
    return {}

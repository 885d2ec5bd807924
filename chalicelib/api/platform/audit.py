"""Serve the audit log: who changed what, and who was refused."""

from dataclasses import astuple
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.access.tokens import Role
from chalicelib.api.constants import AUDIT_ON_PAGE, MOST_AUDIT_ON_PAGE
from chalicelib.api.http.endpoint import Call, Endpoints
from chalicelib.api.models.fields import Cursor, Moment, ParentId, Query, Whole
from chalicelib.api.models.responses import Answer, Time
from chalicelib.assembly import parts
from chalicelib.audit.actions import ACTIONS, instead_of
from chalicelib.audit.constants import LONGEST_NAME
from chalicelib.audit.rule import Entry, Page, R, Refused, Which
from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.job_types.checks import BULK_ID
from chalicelib.jobs.listing import iso, read_cursor, write_cursor
from chalicelib.jobs.port import Filter

endpoints = Endpoints()
CHANGES, REFUSALS = "audit", "refusals"
"""The uses of the cursors of these lists."""
PrincipalText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
BulkIdText = Annotated[str, StringConstraints(pattern=f"^{BULK_ID.pattern}$")]
ActionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z.-]{0,63}$")]


class RefusalsQuery(Query):
    """Select counts of refusals, and the position in them."""

    principal: PrincipalText | None = Field(None, description="The id of a token, or an address.")
    created_after: Moment | None = Field(None, description="Not before this time.")
    created_before: Moment | None = Field(None, description="Before this time.")
    limit: Whole = Field(AUDIT_ON_PAGE, ge=1, le=MOST_AUDIT_ON_PAGE)
    cursor: Cursor | None = Field(None, description="The next_cursor of a page.")


class AuditQuery(RefusalsQuery):
    """Select changes, and the position in them."""

    job: ParentId | None = Field(
        None,
        description="Changes of this job, and requests for up to 100 listed jobs that name it. The `actions` of "
        "GET /jobs/{id} have the ids (`bulk`) of the others.",
    )
    bulk: BulkIdText | None = Field(
        None, description="The bulk action, request for many jobs or action on a batch with this id."
    )
    principal: PrincipalText | None = Field(None, description="The id of a token, or the AWS identity of a command.")
    action: ActionName | None = Field(None, description="One action.", examples=["job.retry"])


class AuditEntry(Answer):
    """A change by a person or a token."""

    id: str
    at: Time
    action: str = Field(description="What was asked for, such as `job.retry` or `schedule.pause`")
    kind: str = Field(description="The kind of what it changes, such as `job` or `schedule`")
    target: str | None = Field(description="Its id; null: several, or the id was not valid")
    principal: str = Field(description="The id of the token; of a command, the AWS identity")
    label: str | None = Field(description="The label of the token at that time; null: a command")
    reason: str | None = Field(description="Why, as the caller has written")
    ip: str | None = Field(description="The caller's network address; null: a command")
    correlation_id: str | None
    version: str | None = Field(
        None,
        description="Of a deployment or a rollback: the version; of a backup or restore: the backup or moment",
    )
    bulk: str | None = Field(
        None, description="The id of the bulk action, or of the request for many jobs; each changed job stores it"
    )
    outcome: Literal["begun", "done", "refused", "failed", "named"] = Field(
        description="begun: under way; after a minute, its process has died, and the change may be done or not. "
        "done: the answer was 2xx; a bulk action goes on. refused: the answer was 4xx. failed: a part may be done. "
        "named: a request names this job among others; the entry with the same `bulk` has what became of it"
    )
    status: int | None = Field(description="The HTTP status of the answer")
    error: str | None = Field(description="The last part of the problem's type, such as `job-conflict`")
    ended_at: Time | None


class AuditPage(Answer):
    """Changes, newest first."""

    entries: list[AuditEntry]
    next_cursor: str | None
    looked: int = Field(description="Number of rows that were read; at most 1,000 for a page")


class RefusalCount(Answer):
    """State at least how often one caller was refused for one reason in one minute."""

    minute: Time
    principal: str = Field(
        description="The id of the token; without a known token, the address (an IPv6 network of 64 bits); `others`: "
        "more callers than a process counts by name"
    )
    reason: str = Field(
        description="Why: `unknown token`, `expired token`, …, or the last part of the problem's type in words, such "
        "as `forbidden` (the role), `out of scope` or `rate limited`"
    )
    count: int = Field(description="The number; the real one may be almost twice as large, in a flood larger")


class RefusalPage(Answer):
    """Counts of refused requests (401, 403, 429), newest first."""

    refusals: list[RefusalCount]
    next_cursor: str | None
    looked: int = Field(description="Number of rows that were read; at most 1,000 for a page")


@endpoints.get("/audit", AuditPage, role=Role.ADMIN, query=AuditQuery)
def list_audit(call: Call) -> AuditPage:
    """List changes by persons and tokens, newest first. They are kept for 400 days.

    Follow `next_cursor` until it is null: a page of some changes may be empty, because a request reads at most 1,000
    rows. A change that was made just now may be missing for a second. The creation of a job is no change. With `job`,
    bulk actions by a filter, or with more than 100 ids, are not in the list: the job's `actions` name them. An unknown
    `action` is refused (422), with similar ones.
    """
    asked: AuditQuery = call.query
    if asked.action is not None and asked.action not in ACTIONS:
        wrong = FieldError(("query", "action"), f"{asked.action} {instead_of(asked.action)}")
        raise InvalidRequest("The query is not valid.", [wrong])
    which = Which(asked.job, asked.principal, asked.action, asked.created_after, asked.created_before, asked.bulk)
    page = parts.audit.page(which, asked.limit, parts.clock(), _position(asked, which, CHANGES))
    entries = [_entry(one) for one in page.rows]
    return AuditPage(entries=entries, next_cursor=_cursor(page, which, CHANGES), looked=page.looked)


@endpoints.get("/audit/refusals", RefusalPage, role=Role.ADMIN, query=RefusalsQuery)
def list_refusals(call: Call) -> RefusalPage:
    """List how often callers were refused (401, 403, 429), by minute, caller and reason, newest first."""
    asked: RefusalsQuery = call.query
    which = Which(principal=asked.principal, after=asked.created_after, before=asked.created_before)
    page = parts.audit.refusals(which, asked.limit, parts.clock(), _position(asked, which, REFUSALS))
    rows = [_refusal(one) for one in page.rows]
    return RefusalPage(refusals=rows, next_cursor=_cursor(page, which, REFUSALS), looked=page.looked)


def _bound(which: Which) -> Filter:
    """Return a filter of jobs that only a cursor of the same list and filter has."""
    return Filter(id_prefix=repr(astuple(which)))


def _position(asked: RefusalsQuery, which: Which, use: str) -> str | None:
    if asked.cursor is None:
        return None
    return read_cursor(asked.cursor, _bound(which), parts.settings.cursor_secret, use=use)


def _cursor(page: Page[R], which: Which, use: str) -> str | None:
    if page.position is None:
        return None
    return write_cursor(page.position, _bound(which), parts.settings.cursor_secret, use)


def _entry(one: Entry) -> AuditEntry:
    return AuditEntry(
        id=one.id, at=iso(one.at), action=one.action, kind=one.kind, target=one.target or None,
        principal=one.principal, label=one.label or None, reason=one.reason or None, ip=one.ip or None,
        correlation_id=one.correlation_id or None, outcome=one.outcome.value, status=one.status, error=one.error,
        bulk=one.bulk or None, version=one.version or None,
        ended_at=None if one.ended_at is None else iso(one.ended_at),
    )  # fmt: skip


def _refusal(one: Refused) -> RefusalCount:
    return RefusalCount(minute=iso(one.minute), principal=one.who, reason=one.why, count=one.number)

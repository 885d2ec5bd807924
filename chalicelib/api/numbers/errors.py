"""Serve error groups, and acknowledge them."""

import re
from typing import Any, Literal

from pydantic import Field

from chalicelib.api.http.endpoint import Audited, Call, Endpoints
from chalicelib.api.http.scoping import blank, type_within
from chalicelib.api.jobs.jobs import check_type
from chalicelib.api.models.fields import Moment, Query, TypeName
from chalicelib.api.models.responses import Answer, Time
from chalicelib.assembly import parts
from chalicelib.counters.health import is_open
from chalicelib.counters.marking import Marking
from chalicelib.counters.port import Acknowledged
from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.job_types.checks import FINGERPRINT
from chalicelib.jobs.listing import iso
from chalicelib.telemetry import request_events

NAMED = re.compile(FINGERPRINT)

endpoints = Endpoints()


ErrorState = Literal["open", "acknowledged", "resolved", "regressed"]


class ErrorsQuery(Query):
    """The job type, and the start of the period; at most 30 days."""

    type: TypeName | None = None
    since: Moment | None = None
    unacknowledged: bool = Field(
        False,
        description="Only groups that no operator has acknowledged, or that came again since, without those of "
        "RetryLater: the groups that a finding of GET /metrics/health about `errors` counts",
    )


class ErrorGroup(Answer):
    """Failures that differ only in ids and numbers.

    `sparkline`: the number of failures in each step of the last 24 hours, oldest first.
    """

    fingerprint: str
    type: str
    error_class: str
    message: str
    count: int = Field(description="Attempts that failed with this error; GET /jobs?fingerprint=… lists the jobs")
    first_seen: Time = Field(description="Within the hours since `since`")
    last_seen: Time
    sample_job_ids: list[str]
    sparkline: list[int]
    sparkline_step_s: int
    jobs: int = Field(
        description="Jobs with this error in this period; a job that fails again after a manual retry counts again"
    )
    state: ErrorState = Field(
        description="open: not acknowledged, or seen again after that; regressed: seen again after it was resolved"
    )
    acknowledged_by: str | None = Field(None, description="Who has acknowledged or resolved the group; null when open")
    acknowledged_at: Time | None = None


blank(ErrorGroup, "message")


class ErrorGroups(Answer):
    """The groups, most frequent first."""

    groups: list[ErrorGroup]
    truncated: bool = Field(
        description="Whether there are more: the answer has only the 100 most frequent groups, and with very many "
        "kinds of errors, only those of the newest hours are counted"
    )
    since: Time
    as_of: Time


class ErrorMark(Answer):
    """The mark of a group of errors."""

    fingerprint: str
    state: Literal["open", "acknowledged", "resolved"] = Field(description="open: the group has no mark")
    acknowledged_by: str | None
    acknowledged_at: Time | None


class ErrorJobs(Answer):
    """The jobs that have an error as their last error."""

    fingerprint: str
    by_status: dict[str, int] = Field(
        description="Jobs by status: GET /jobs?fingerprint=…&status=… lists exactly these. A job that completed or was "
        "run again no longer has the error"
    )
    looked: int
    complete: bool = Field(description="Whether all jobs with the error were counted; at most 1,000 are")
    as_of: Time


@endpoints.get("/errors/{fingerprint}", ErrorJobs, statuses=(200, 422), moving=("as_of",))
def read_error(call: Call) -> ErrorJobs:
    """Return where the jobs are that have this error now, such as how many are dead letters or retrying."""
    name = _fingerprint(call)
    found = parts.error_jobs.look(name)
    return ErrorJobs(
        fingerprint=name,
        by_status={str(status): number for status, number in found.by_status.items()},
        looked=sum(found.by_status.values()),
        complete=found.complete,
        as_of=iso(found.at),
    )


@endpoints.get("/errors", ErrorGroups, query=ErrorsQuery, moving=("since", "as_of"))
def list_errors(call: Call) -> ErrorGroups:
    """Return failed attempts and jobs, grouped by a fingerprint of type, class and message. Default: the last day."""
    asked: ErrorsQuery = call.query
    name = type_within(call, asked.type)
    check_type(name, "query")
    found = parts.history.errors(name, asked.since, unacknowledged=asked.unacknowledged)
    groups = [
        ErrorGroup(
            **{**group, "first_seen": iso(group["first_seen"]), "last_seen": iso(group["last_seen"])},
            state=state_of(found.acknowledged.get(group["fingerprint"]), group["last_seen"]),
            **_mark(found.acknowledged.get(group["fingerprint"])),
        )
        for group in found.groups
    ]
    return ErrorGroups(groups=groups, truncated=found.truncated, since=iso(found.since), as_of=iso(found.now))


@endpoints.post(
    "/errors/{fingerprint}/acknowledge",
    ErrorMark,
    statuses=(200, 409),
    audit=Audited("error.acknowledge", "error", "fingerprint"),
)
def acknowledge_error(call: Call) -> ErrorMark:
    """Acknowledge an error group. The mark is kept for 90 days; at most 2,000 groups have marks."""
    name = _fingerprint(call)
    mark = marking().mark(name, call.person)
    request_events.error_acknowledged(name, call.principal)
    return ErrorMark(fingerprint=name, state="acknowledged", **_mark(mark))


@endpoints.post(
    "/errors/{fingerprint}/resolve",
    ErrorMark,
    statuses=(200, 409),
    audit=Audited("error.resolve", "error", "fingerprint"),
)
def resolve_error(call: Call) -> ErrorMark:
    """Mark an error group as fixed. If the error occurs again, the group is shown as regressed.

    The mark is kept for 90 days.
    """
    name = _fingerprint(call)
    mark = marking().mark(name, call.person, resolved=True)
    request_events.error_resolved(name, call.principal)
    return ErrorMark(fingerprint=name, state="resolved", **_mark(mark))


@endpoints.post(
    "/errors/{fingerprint}/reopen",
    ErrorMark,
    audit=Audited("error.reopen", "error", "fingerprint"),
)
def reopen_error(call: Call) -> ErrorMark:
    """Remove the mark of an error group."""
    name = _fingerprint(call)
    marking().reopen(name)
    request_events.error_acknowledged(name, call.principal, reopened=True)
    return ErrorMark(fingerprint=name, state="open", **_mark(None))


def marking() -> Marking:
    """Return the service that marks error groups, over this process's tables."""
    return Marking(parts.acknowledgements, parts.counters, parts.job_store, parts.clock)


def _fingerprint(call: Call) -> str:
    """Return the fingerprint in the path; raises InvalidRequest for an invalid one."""
    name = call.path["fingerprint"]
    if not NAMED.fullmatch(name):
        raise InvalidRequest(
            "The fingerprint is not valid.", [FieldError(("path", "fingerprint"), "is not one of GET /errors")]
        )
    return name


def state_of(mark: Acknowledged | None, last_seen: float) -> ErrorState:
    """Return the state of a group with this mark (None: no mark) that last occurred at `last_seen` (epoch seconds)."""
    if mark is None or is_open(mark, last_seen):
        return "regressed" if mark and mark.resolved else "open"
    return "resolved" if mark.resolved else "acknowledged"


def _mark(mark: Acknowledged | None) -> dict[str, Any]:
    return {"acknowledged_by": mark and mark.by, "acknowledged_at": mark and iso(mark.at)}

"""What goes wrong, grouped."""

from pydantic import Field

from chalicelib import wiring
from chalicelib.api.endpoint import Call, Endpoints
from chalicelib.api.jobs import check_type
from chalicelib.api.responses import Answer, Time
from chalicelib.api.schemas import Moment, Query, TypeName
from chalicelib.counters.series import error_groups, spark_start
from chalicelib.jobs.limits import DAY
from chalicelib.jobs.listing import iso

LONGEST = 30 * DAY
MOST_ROWS = 3000
"""Kinds of errors by the hour that one answer is made from: about a megabyte, one or two requests."""
MOST_GROUPS = 100

endpoints = Endpoints()


class ErrorsQuery(Query):
    """Of which type, and since when; at most 30 days."""

    type: TypeName | None = None
    since: Moment | None = None


class ErrorGroup(Answer):
    """Failures that are the same but for ids and numbers; `sparkline` counts the last 24 hours, oldest first."""

    fingerprint: str
    type: str
    error_class: str
    message: str
    count: int = Field(description="Attempts that failed in this way; GET /jobs?fingerprint=… lists the jobs")
    first_seen: Time = Field(description="Within the hours since `since`")
    last_seen: Time
    sample_job_ids: list[str]
    sparkline: list[int]
    sparkline_step_s: int


class ErrorGroups(Answer):
    """The groups, most frequent first."""

    groups: list[ErrorGroup]
    truncated: bool = Field(
        description="Whether there are more: only the 100 most frequent groups are told, and when there are very many "
        "kinds of errors, only those of the newest hours are counted"
    )
    since: Time
    as_of: Time


@endpoints.get("/errors", ErrorGroups, query=ErrorsQuery)
def list_errors(call: Call) -> ErrorGroups:
    """Failed attempts and jobs, grouped by a stable fingerprint of type, class and message. Default: the last day."""
    asked: ErrorsQuery = call.query
    if asked.type is not None:
        check_type(asked.type)
    now = wiring.clock()()
    since = max(asked.since if asked.since is not None else now - DAY, now - LONGEST)
    start = since - since % 3600
    hours = wiring.counters().errors(min(start, spark_start(now)), now, MOST_ROWS)
    found = error_groups(hours, now, asked.type, start)
    groups = [
        ErrorGroup(**{**group, "first_seen": iso(group["first_seen"]), "last_seen": iso(group["last_seen"])})
        for group in found[:MOST_GROUPS]
    ]
    truncated = len(found) > MOST_GROUPS or len(hours) >= MOST_ROWS
    return ErrorGroups(groups=groups, truncated=truncated, since=iso(since), as_of=iso(now))

"""What goes wrong, grouped."""

from pydantic import Field

from chalicelib import wiring
from chalicelib.api.endpoint import Call, Endpoints
from chalicelib.api.jobs import check_type
from chalicelib.api.responses import Answer, Time
from chalicelib.api.schemas import Moment, Query, TypeName
from chalicelib.jobs.listing import iso

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


@endpoints.get("/errors", ErrorGroups, query=ErrorsQuery, moving=("since", "as_of"))
def list_errors(call: Call) -> ErrorGroups:
    """Failed attempts and jobs, grouped by a stable fingerprint of type, class and message. Default: the last day."""
    asked: ErrorsQuery = call.query
    if asked.type is not None:
        check_type(asked.type)
    found = wiring.history().errors(asked.type, asked.since)
    groups = [
        ErrorGroup(**{**group, "first_seen": iso(group["first_seen"]), "last_seen": iso(group["last_seen"])})
        for group in found.groups
    ]
    return ErrorGroups(groups=groups, truncated=found.truncated, since=iso(found.since), as_of=iso(found.now))

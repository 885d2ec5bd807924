"""Serve the log lines of a job."""

from typing import Annotated, Any

from pydantic import StringConstraints

from chalicelib.api.http.endpoint import Call, Endpoints
from chalicelib.api.jobs.jobs import job_id_of
from chalicelib.api.models.fields import Query
from chalicelib.api.models.responses import Answer, Time
from chalicelib.assembly import parts
from chalicelib.jobs.listing import iso, read_cursor, write_cursor
from chalicelib.jobs.port import Filter

endpoints = Endpoints()


class LogsQuery(Query):
    """The position of the next page."""

    cursor: Annotated[str, StringConstraints(min_length=1, max_length=4000)] | None = None


class LogLine(Answer):
    """One line; `fields` are its other keys."""

    at: Time
    level: str
    message: str
    gen: int | None
    attempt: int | None
    fields: dict[str, Any]


class LogPage(Answer):
    """Some log lines: the newest attempt first, and the lines of each attempt from its first to its last."""

    lines: list[LogLine]
    next_cursor: str | None
    insights_url: str | None


@endpoints.get("/jobs/{job_id}/logs", LogPage, query=LogsQuery)
def read_logs(call: Call) -> LogPage:
    """List the log lines of a job, from CloudWatch Logs. A page may be empty and still have a next page."""
    view = parts.job_service.get(job_id_of(call))
    # No list of jobs has a filter with this prefix, so a cursor of log lines is refused for a list of jobs, and the
    # other way round.
    secret, bound = parts.settings.cursor_secret, Filter(id_prefix=f"logs of {view.job.id}")
    position = read_cursor(call.query.cursor, bound, secret) if call.query.cursor else None
    # An invocation that ended in a wait is not an attempt, but its log lines belong to the job.
    steps = parts.job_store.kept_steps(view.job) if view.job.kept else ()
    waited = {step.invocation for step in steps if step.invocation}
    found = parts.job_logs.read(view, position, waited)
    return LogPage(
        lines=[
            LogLine(at=iso(x.at), level=x.level, message=x.message, gen=x.gen, attempt=x.attempt, fields=dict(x.fields))
            for x in found.lines
        ],
        next_cursor=write_cursor(found.position, bound, secret) if found.position else None,
        insights_url=parts.job_logs.insights_url(view.job, parts.clock()),
    )

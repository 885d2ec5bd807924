"""Declare bodies, queries and answers about schedules."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from chalicelib.api.constants import (
    FIRINGS_PREVIEWED,
    LAST_FIRINGS_IN_LIST,
    MOST_FIRINGS_PREVIEWED,
    MOST_SCHEDULES_ON_PAGE,
    SCHEDULES_ON_PAGE,
)
from chalicelib.api.models.fields import Body, Expires, Moment, Query, Ranked, Reasoned, ScheduleId, TypeName, Whole
from chalicelib.api.models.responses import Answer, Time
from chalicelib.job_types.constants import LONGEST_CRON, LONGEST_ZONE, MOST_CAUGHT_UP
from chalicelib.job_types.cron import cron_error, zone_error
from chalicelib.jobs.job import JSON, Status
from chalicelib.jobs.priority import PriorityName

PREVIEW = "preview"


def _cron(value: str) -> str:
    wrong = cron_error(value)
    if wrong is not None:
        raise PydanticCustomError("cron", "{wrong}", {"wrong": wrong})
    return value


def _zone(value: str) -> str:
    wrong = zone_error(value)
    if wrong is not None:
        raise PydanticCustomError("zone", "{wrong}", {"wrong": wrong})
    return value


def _free(value: str) -> str:
    if value == PREVIEW:
        raise PydanticCustomError("reserved", "is used in the API's own paths; choose another id")
    return value


CronText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_CRON),
    AfterValidator(_cron),
    Field(
        description="Five fields: minute, hour, day of the month, month, day of the week; or @hourly to @yearly; "
        "or a time between firings, from `@every 10s` to `@every 24h`.",
        examples=["0 6 * * 1-5"],
    ),
]
Zone = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_ZONE),
    AfterValidator(_zone),
    Field(description="A time zone of the IANA database.", examples=["Europe/Berlin"]),
]
NewId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$"),
    AfterValidator(_free),
    Field(description="Its permanent name: a-z, 0-9 and -, at most 40.", examples=["weekly-report"]),
]


class _Settings(Body):
    """The times of a schedule and the settings of its jobs."""

    type: TypeName = Field(description="One of GET /job-types.", examples=["report.generate"])
    cron: CronText
    timezone: Zone = "UTC"
    payload: dict[str, Any] = Field(description="The payload of each job, at most 8 KB, in the type's schema.")
    catch_up: int = Field(
        1, ge=0, le=MOST_CAUGHT_UP, description="How many of the latest missed firings run late; 0: none."
    )
    overlap: Literal["allow", "skip"] = Field(
        "allow", description="skip: a firing does not run while the job of an earlier firing is unfinished."
    )
    starts_at: Moment | None = Field(None, description="No firing before this time.")
    ends_at: Moment | None = Field(None, description="No firing after this time.")
    expires_seconds: Expires | None = None
    priority: Ranked = "normal"


class ScheduleSettings(_Settings, Reasoned):
    """The settings that replace all settings of a stored schedule."""

    version: str | None = Field(
        None, max_length=64, description="The version that was read: 409 if the settings have changed since."
    )


class NewSchedule(_Settings, Reasoned):
    """A schedule to store."""

    id: NewId
    paused: bool = Field(False, description="Begin paused.")


class SchedulesQuery(Query):
    """A position in the list of schedules."""

    limit: Whole = Field(SCHEDULES_ON_PAGE, ge=1, le=MOST_SCHEDULES_ON_PAGE)
    after: ScheduleId | None = Field(None, description="The next_after of a page.")
    last: Whole = Field(
        LAST_FIRINGS_IN_LIST, ge=0, le=LAST_FIRINGS_IN_LIST,
        description="The most last firings of each schedule; fewer need fewer reads of jobs.",
    )  # fmt: skip


class PreviewQuery(Query):
    """A cron expression to preview."""

    cron: CronText
    timezone: Zone = "UTC"
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    count: Whole = Field(FIRINGS_PREVIEWED, ge=1, le=MOST_FIRINGS_PREVIEWED)


class Firing(Answer):
    """A time at which a schedule fires."""

    at: Time
    local: str = Field(description="The same time in the schedule's zone, with its offset")


class LastFiring(Firing):
    """A firing whose job was made."""

    job_id: str
    status: Status | None = Field(description="Its job's status; null if the job has expired")
    error_class: str | None = Field(description="`Skipped` if the job of an earlier firing was unfinished")


class MissedFiring(Firing):
    """A firing for which no job was made."""

    reason: Literal["missed", "paused", "refused"] = Field(
        description="missed: the platform was not running, and `catch_up` did not make it up; paused: the schedule was "
        "paused; refused: the payload or the type was refused (`problem`)"
    )


class ScheduleRow(Answer):
    """A schedule with its next firings, and with its last firings, newest first."""

    id: str
    type: str
    cron: str
    timezone: str
    payload: JSON
    catch_up: int
    overlap: Literal["allow", "skip"]
    starts_at: Time | None
    ends_at: Time | None
    expires_seconds: int | None = Field(
        None, description="A firing that has not begun so many seconds after its time is cancelled; null: the type's"
    )
    priority: PriorityName = Field("normal", description="The rank of its jobs in the lines of limits")
    version: str = Field(description="Changes with the settings; send it with a change")
    declared: bool = Field(description="A handler file declares it; change and delete it there")
    paused: bool
    problem: str | None = Field(description="Why the last firing made no job")
    created_at: Time
    updated_at: Time
    next_firings: list[Firing] = Field(description="At most five; none while it is paused")
    last_firings: list[LastFiring] = Field(
        description="Firings that have a job, newest first; at most 14 in a list, 20 for a single schedule. The jobs "
        "of the next two minutes exist already, so their firings are also in `next_firings`"
    )
    missed_firings: list[MissedFiring] = Field(
        description="Firings for which no job was made, newest first; at most 14 in a list, 20 for a single schedule"
    )
    paused_by: str | None = Field(None, description="null if it is not paused, or was declared as paused")
    paused_at: Time | None = None


class SchedulePage(Answer):
    """A page of schedules, ordered by id."""

    schedules: list[ScheduleRow]
    next_after: str | None = Field(description="Send it as `after` for the next page; null at the end")


class Preview(Answer):
    """The next firings of a cron expression; fewer than requested if no more firings follow."""

    firings: list[Firing]

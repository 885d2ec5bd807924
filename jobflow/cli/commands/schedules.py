"""Define the commands for schedules."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobflow.cli import reading
from jobflow.cli.command import app_of, command
from jobflow.cli.commands.jobs import Field, Priority, Ranked, Reason
from jobflow.cli.session import Session
from jobflow.errors import Conflict

if TYPE_CHECKING:
    from jobflow.cli.printer import Column
    from jobflow.models import ScheduleRow

EDIT_TRIES = 4
"""Maximum tries of a change: another person may change the schedule at the same time."""
LAST_COLUMNS: list["Column"] = [
    ("FIRINGS WITH A JOB", lambda one: one.local),
    ("JOB", lambda one: one.job_id),
    ("STATUS", lambda one: one.status),
    ("ERROR", lambda one: one.error_class),
]
app = app_of("Look at schedules, store them, and let them run, wait or end.")
Zone = Annotated[str, typer.Option("--timezone", help="Of the IANA database, such as Europe/Berlin.")]
Id = Annotated[str, typer.Argument(metavar="SCHEDULE", help="The schedule's id.")]
Payload = Annotated[str | None, typer.Argument(metavar="[PAYLOAD]", help="JSON, @file, or - for standard input.")]
CatchUp = Annotated[int | None, typer.Option("--catch-up", min=0, help="How many missed firings run late; 0: none.")]
Overlap = Annotated[str | None, typer.Option("--overlap", help="allow, or skip: not beside the job of an earlier one.")]
Starts = Annotated[
    str | None, typer.Option("--starts-at", help="No firing before: 2027-03-01T10:00, local time; '': no bound.")
]
Ends = Annotated[
    str | None, typer.Option("--ends-at", help="No firing after: 2027-03-01T10:00, local time; '': no bound.")
]

Expires = Annotated[str | None, typer.Option("--expires", help="Cancel what has not begun after: 30m; '': never.")]


@command(app, "list", "schedules list")
def list_(session: Session) -> None:
    """List the schedules."""
    columns = [
        ("ID", lambda row: row.id),
        ("TYPE", lambda row: row.type),
        ("CRON", lambda row: row.cron),
        ("TIME ZONE", lambda row: row.timezone),
        ("NEXT", _next),
        ("PAUSED", lambda row: "paused" if row.paused else ""),
        ("PROBLEM", lambda row: row.problem or ""),
    ]
    session.out.rows(session.client.schedules(), columns, "No schedules.")


def _next(row: "ScheduleRow") -> str | None:
    return reading.ago(row.next_firings[0].at) if row.next_firings else None


@command(app, "show", "schedules show weekly-report")
def show(session: Session, schedule: Id) -> None:
    """Print a schedule with its next and last firings."""
    _print(session, session.client.schedule(schedule))


@command(
    app, "create", "schedules create weekly-report report.generate '0 6 * * 1' -f hours=168 --timezone Europe/Berlin"
)
def create(
    session: Session,
    schedule: Id,
    job_type: Annotated[str, typer.Argument(metavar="TYPE", help="The job type.")],
    cron: Annotated[
        str, typer.Argument(metavar="CRON", help="Minute, hour, day, month, day of the week; or @daily, @every 20s.")
    ],
    payload: Payload = None,
    field: Field = None,
    timezone: Zone = "UTC",
    catch_up: CatchUp = None,
    overlap: Overlap = None,
    starts_at: Starts = None,
    ends_at: Ends = None,
    expires: Expires = None,
    priority: Ranked = None,
    reason: Reason = "",
) -> None:
    """Store a schedule."""
    body = reading.payload(payload, field or [])
    given = _given(timezone, catch_up, overlap, starts_at, ends_at, expires, priority)
    _print(session, session.client.create_schedule(schedule, job_type, cron, body, reason=reason, **given))


@command(
    app, "update", "schedules update weekly-report --cron '0 7 * * 1'", "schedules update weekly-report -f hours=24"
)
def update(
    session: Session,
    schedule: Id,
    payload: Payload = None,
    field: Field = None,
    job_type: Annotated[str | None, typer.Option("--type", help="Another job type.")] = None,
    cron: Annotated[
        str | None, typer.Option("--cron", help="Minute, hour, day, month, day of the week; or @daily, @every 20s.")
    ] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", help="Of the IANA database.")] = None,
    catch_up: CatchUp = None,
    overlap: Overlap = None,
    starts_at: Starts = None,
    ends_at: Ends = None,
    expires: Expires = None,
    priority: Ranked = None,
    reason: Reason = "",
) -> None:
    """Change a stored schedule; settings that are not given stay."""
    typed = _given(timezone, catch_up, overlap, starts_at, ends_at, expires, priority)
    new = None if payload is None else reading.payload(payload, [])

    def changed(row: "ScheduleRow") -> "ScheduleRow":
        kept = {
            name: getattr(row, name)
            for name in ("timezone", "catch_up", "overlap", "starts_at", "ends_at", "expires_seconds", "priority")
        }
        if kept["priority"] is None:  # the API is of a version without priorities
            del kept["priority"]
        body = reading.payload(None, field or [], row.payload if new is None else new)
        return session.client.change_schedule(
            schedule,
            job_type or row.type,
            cron or row.cron,
            body,
            version=row.version,
            reason=reason,
            **(kept | typed),
        )

    _print(session, _onto_the_newest(session, schedule, changed))


def _onto_the_newest(
    session: Session, schedule: str, change: Callable[["ScheduleRow"], "ScheduleRow"]
) -> "ScheduleRow":
    """Change the current schedule; if it was changed meanwhile, repeat with the new version."""
    row = session.client.schedule(schedule)
    for _ in range(EDIT_TRIES):
        try:
            return change(row)
        except Conflict:
            seen, row = row, session.client.schedule(schedule)
            if row.version == seen.version:
                raise
    return change(row)


def _given(
    timezone: str | None,
    catch_up: int | None,
    overlap: str | None,
    starts_at: str | None,
    ends_at: str | None,
    expires: str | None,
    priority: Priority | None,
) -> dict[str, Any]:
    """Return the settings that were given on the command line."""
    settings = {
        "timezone": timezone,
        "catch_up": catch_up,
        "overlap": overlap,
        "priority": None if priority is None else priority.value,
    }
    bounds = {"starts_at": starts_at, "ends_at": ends_at}
    return {
        **{name: value for name, value in settings.items() if value is not None},
        **{name: reading.start(text) if text else None for name, text in bounds.items() if text is not None},
        **({} if expires is None else {"expires_seconds": reading.seconds(expires) if expires else None}),
    }


@command(app, "preview", "schedules preview '0 6 * * 1-5' --timezone Europe/Berlin")
def preview(
    session: Session,
    cron: Annotated[
        str, typer.Argument(metavar="CRON", help="Minute, hour, day, month, day of the week; or @daily, @every 20s.")
    ],
    timezone: Zone = "UTC",
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=20, help="How many firings.")] = 5,
) -> None:
    """Print the next firings of a cron expression, without storing it."""
    columns = [("LOCAL TIME", lambda one: one.local), ("UTC", lambda one: f"{one.at:%Y-%m-%d %H:%M}")]
    session.out.rows(session.client.preview_schedule(cron, timezone=timezone, count=count), columns, "No firings.")


@command(app, "run", "schedules run weekly-report")
def run(session: Session, schedule: Id, reason: Reason = "") -> None:
    """Create a job of a schedule now."""
    from jobflow.cli import views

    job = session.client.run_schedule(schedule, reason=reason)
    session.remember(job.id)
    views.created(session, job)


@command(app, "pause", "schedules pause weekly-report")
def pause(session: Session, schedule: Id, reason: Reason = "") -> None:
    """Pause a schedule."""
    _print(session, session.client.pause_schedule(schedule, reason=reason))


@command(app, "resume", "schedules resume weekly-report")
def resume(session: Session, schedule: Id, reason: Reason = "") -> None:
    """Resume a paused schedule."""
    _print(session, session.client.resume_schedule(schedule, reason=reason))


@command(app, "delete", "schedules delete weekly-report")
def delete(session: Session, schedule: Id, reason: Reason = "") -> None:
    """Delete a stored schedule."""
    row = session.client.delete_schedule(schedule, reason=reason)
    if session.out.as_json:
        session.out.line(row)
    else:
        session.out.say(f"The schedule {row.id} is deleted ({row.type}, {row.cron}).")


def _print(session: Session, row: "ScheduleRow") -> None:
    facts = [
        ("id", row.id),
        ("type", row.type),
        ("cron", f"{row.cron} ({row.timezone})"),
        ("paused", row.paused),
        ("paused by", row.paused_by),
        ("paused at", row.paused_at),
        ("problem", row.problem),
        ("starts at", row.starts_at),
        ("ends at", row.ends_at),
        ("catch up", row.catch_up),
        ("overlap", row.overlap),
        ("expires after", None if row.expires_seconds is None else reading.lasting(row.expires_seconds)),
        ("priority", None if row.priority == "normal" else row.priority),
        ("declared", "in its handler file" if row.declared else "no: it is stored, and changed here"),
        ("created", row.created_at),
        ("updated", row.updated_at),
        ("version", row.version),
        ("payload", row.payload),
        ("next", "\n".join(firing.local for firing in row.next_firings) or None),
        ("without a job", "\n".join(f"{one.local} ({one.reason})" for one in row.missed_firings or []) or None),
    ]
    session.out.facts(row, facts)
    if not session.out.as_json and row.last_firings:
        session.out.rows(row.last_firings, LAST_COLUMNS, "")

"""The commands for job types."""

from typing import TYPE_CHECKING, Annotated

import typer

from jobflow.cli.command import app_of, command
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from jobflow.models import Paused

app = app_of("Look at job types, and stop or start handing out their jobs.")
Name = Annotated[str, typer.Argument(metavar="TYPE", help="The job type, such as email.send.")]
Reason = Annotated[str, typer.Option("--reason", help="Shown while the type is paused.")]


@command(app, "list", "types list")
def list_(session: Session) -> None:
    """List the job types with their backlog."""
    from jobflow.cli import reading
    from jobflow.plain import plain

    numbers = session.client.metrics().by_type
    rows = [(kind, numbers.get(kind.type)) for kind in session.client.job_types()]
    if session.out.as_json:
        for kind, of_kind in rows:
            session.out.line({**plain(kind), "numbers": plain(of_kind)})
        return
    columns = [
        ("TYPE", lambda row: row[0].type),
        ("PAUSED", lambda row: "paused" if row[1] and row[1].paused else ""),
        ("QUEUED", lambda row: row[1] and row[1].by_status.get("queued", 0)),
        ("DEAD", lambda row: row[1] and row[1].dead_letter_jobs),
        ("ATTEMPTS", lambda row: row[0].max_attempts),
        ("TIMEOUT", lambda row: reading.lasting(row[0].timeout)),
        ("WHAT IT DOES", lambda row: row[0].description.partition("\n")[0]),
    ]
    session.out.rows(rows, columns, "No job types.")


@command(app, "show", "types show email.send", "types show email.send --json | jq .schema")
def show(session: Session, job_type: Name) -> None:
    """Print a job type with the schema of its payload and an example."""
    from jobflow.errors import NotFound

    found = next((kind for kind in session.client.job_types() if kind.type == job_type), None)
    if found is None:
        raise NotFound(404, f"There is no job type {job_type}.")
    facts = [
        ("type", found.type),
        ("does", found.description),
        ("attempts", found.max_attempts),
        ("timeout", f"{found.timeout} s"),
        ("batch size", found.batch_size),
        ("concurrency", found.concurrency),
        ("memory", f"{found.memory} MB"),
        ("fair by", found.fair_by),
        ("retired", found.retired),
        ("example", found.example),
        ("schema", found.schema),
    ]
    session.out.facts(found, facts)


@command(app, "tenants", "types tenants invoice.send")
def tenants(session: Session, job_type: Name) -> None:
    """Print the ten tenants of a type with the most jobs at work: queued, running, or between attempts."""
    found = session.client.tenants(job_type)
    session.out.rows(found.tenants, [("TENANT", lambda one: one.tenant), ("JOBS", lambda one: one.jobs)], "No jobs.")
    if not found.complete:
        session.out.say(f"Among {found.looked:,} jobs: those due first, and those due last.")


@command(app, "pause", "types pause email.send")
def pause(session: Session, job_type: Name, reason: Reason = "") -> None:
    """Stop handing out jobs of a type; they wait."""
    _tell(session, session.client.pause(job_type, reason))


@command(app, "resume", "types resume email.send")
def resume(session: Session, job_type: Name) -> None:
    """Hand out jobs of a type again."""
    _tell(session, session.client.resume(job_type))


def _tell(session: Session, state: "Paused") -> None:
    if session.out.as_json:
        session.out.line(state)
    else:
        words = "wait: the type is paused" if state.paused else "are handed out again"
        session.out.say(f"Jobs of {state.type} {words}.")

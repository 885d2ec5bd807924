"""Define the command that shows who changed what, and who was refused."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobflow.cli import reading
from jobflow.cli.command import command, usage
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from datetime import datetime

    from jobflow.models import AuditEntry


def add_to(app: typer.Typer) -> None:
    """Add the command to the root."""
    command(
        app,
        "audit",
        "audit --since 1d",
        "audit --job @last",
        "audit --principal 1f2e3d4c5b6a7980 --action job.cancel",
        "audit --refusals --since 1h",
    )(audit)


def audit(
    session: Session,
    job: Annotated[str | None, typer.Option("--job", help="Changes of this job: its id, or @last.")] = None,
    principal: Annotated[
        str | None, typer.Option("--principal", help="Changes by this token (its id), or this AWS identity.")
    ] = None,
    action: Annotated[str | None, typer.Option("--action", help="One action, such as job.retry.")] = None,
    bulk: Annotated[
        str | None, typer.Option("--bulk", help="One bulk action, or request for many jobs: its id in a job's history.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="Not before: a time, or 2h for two hours ago.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Before this time.")] = None,
    refusals: Annotated[
        bool, typer.Option("--refusals", help="Refused requests by minute, caller and reason.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Maximum number of rows.")] = 50,
) -> None:
    """Show who changed what, newest first. Only administrators may."""
    times = {"created_after": since and reading.moment(since), "created_before": until and reading.moment(until)}
    if refusals:
        if job or action or bulk:
            raise usage("--refusals cannot be combined with --job, --action or --bulk.")
        _refusals(session, limit, principal=principal, **times)
        return
    job_id = session.id_of(job) if job else None
    found = session.client.audit(job=job_id, principal=principal, action=action, bulk=bulk, **times)
    columns = [
        ("AT", lambda row: local(row.at)),
        ("WHO", _who),
        ("ACTION", lambda row: row.action),
        ("ON", _on),
        ("BULK", lambda row: row.bulk or ""),
        ("OUTCOME", lambda row: row.outcome + (f" ({row.error})" if row.error else "")),
        ("FROM", lambda row: row.ip or "-"),
        ("REASON", lambda row: row.reason or ""),
    ]
    elsewhere = (
        " A bulk action by a filter, or with more than 100 ids, is in the job's `actions`: jobflow jobs show --json."
    )
    session.out.newest(found, limit, columns, f"No changes.{elsewhere if job else ''}")


def _refusals(session: Session, limit: int, **which: Any) -> None:
    columns = [
        ("MINUTE", lambda row: local(row.minute)),
        ("CALLER", lambda row: row.principal),
        ("REASON", lambda row: row.reason),
        ("AT LEAST", lambda row: str(row.count)),
    ]
    session.out.newest(session.client.refusals(**which), limit, columns, "No refused requests.")


def local(at: "datetime") -> str:
    """Return a time in the zone of this machine, up to the seconds."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _who(entry: "AuditEntry") -> str:
    """Return the label and the id of a token, or the end of an AWS identity, which has the session's name."""
    if not entry.label:
        return "/".join(entry.principal.split(":")[-1].split("/")[-2:])
    return f"{entry.label} ({entry.principal})"


def _on(entry: "AuditEntry") -> str:
    what = f"{entry.kind} {entry.target}" if entry.target else entry.kind
    return f"{what} {entry.version}" if entry.version else what

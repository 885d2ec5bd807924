"""Define the commands for bulk actions: retry, cancel or discard many jobs in the background."""

from typing import Annotated

import typer

from jobflow.cli import reading
from jobflow.cli.command import app_of, command
from jobflow.cli.commands.jobs import Reason
from jobflow.cli.session import Session

app = app_of("Look at bulk actions (`jobs retry`, `cancel`, `discard` of many), follow them and stop them.")
Id = Annotated[str, typer.Argument(metavar="ID", help="The bulk action's id.")]


@command(app, "list", "bulk list", "bulk list --json | jq 'select(.state == \"running\")'")
def list_(session: Session) -> None:
    """List the newest bulk actions."""
    columns = [
        ("ID", lambda row: row.id),
        ("ACTION", lambda row: f"{row.action} (dry run)" if row.dry_run else row.action),
        ("STATE", lambda row: row.state),
        ("JOBS", lambda row: row.matched),
        ("SKIPPED", lambda row: row.skipped),
        ("STARTED", lambda row: reading.ago(row.started_at)),
        ("BY", lambda row: row.started_by),
    ]
    session.out.rows(session.client.bulk_actions(), columns, "No bulk actions.")


@command(app, "show", "bulk show 0123456789abcdef0123", "bulk show 0123456789abcdef0123 --follow")
def show(
    session: Session,
    bulk: Id,
    follow: Annotated[bool, typer.Option("--follow", help="Follow until it has finished.")] = False,
) -> None:
    """Print a bulk action with its progress or result, and why jobs were skipped."""
    from jobflow.cli import many

    found = session.client.bulk_action(bulk)
    if follow:
        found = many.followed(session, found, f"{found.action.capitalize()} jobs")
    facts = [
        ("id", found.id),
        ("action", f"{found.action} (dry run)" if found.dry_run else found.action),
        ("jobs", f"{found.listed} listed" if found.filter is None else found.filter),
        ("edit", found.edit),
        ("state", found.state),
        ("expected", found.expected),
        ("matched", found.matched),
        ("done", found.done),
        ("skipped", found.skipped),
        ("a second", found.per_second),
        ("started", found.started_at),
        ("by", found.started_by),
        ("finished", found.finished_at),
        ("problem", found.problem),
    ]
    session.out.facts(found, facts)
    if not session.out.as_json and found.reasons:
        columns = [("JOBS", lambda one: one.jobs), ("SKIPPED BECAUSE", lambda one: one.reason)]
        session.out.rows(found.reasons, columns, "")


@command(app, "stop", "bulk stop 0123456789abcdef0123")
def stop(session: Session, bulk: Id, reason: Reason = "") -> None:
    """Stop a bulk action after the jobs that it is changing now; finished changes stay."""
    from jobflow.cli import many

    many.told(session, session.client.stop_bulk(bulk, reason=reason))

"""Define the command that erases all jobs of a tenant."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from jobflow.cli.command import command
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from jobflow.models import ErasureRow

POLL = 2.0


def add_to(app: typer.Typer) -> None:
    """Add the command to the root."""
    command(app, "erase", "erase --tenant acme --dry-run", "erase --tenant acme --reason 'contract ended' --yes",
            "erase --show $ERASURE")(erase)  # fmt: skip


def erase(
    session: Session,
    tenant: Annotated[str | None, typer.Option("--tenant", help="The value of `fair_by` or `serial_by`.")] = None,
    show: Annotated[
        str | None, typer.Option("--show", metavar="ID", help="Only show the erasure with this id, once.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count its jobs.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; the audit log keeps it. No personal data.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not follow it: it goes on without this.")] = False,
) -> None:
    """Erase all jobs of a tenant that exist now, with everything that belongs to them. Only administrators may."""
    from jobflow.cli import many

    if (tenant is None) == (show is None):
        raise typer.BadParameter("Give either --tenant or --show.")
    if tenant is None:
        _print(session, session.client.erasure(show or ""))
        return
    if not dry_run:
        many.confirm(f"Cancel and erase all jobs of the tenant {tenant}? Nothing brings them back.", many.ASK_FROM,
                     yes=yes)  # fmt: skip
    found = session.client.erase(tenant, reason=reason, dry_run=dry_run)
    if found.finished_at is None and not no_wait:
        session.out.note(f"It goes on without this command; jobflow erase --show {found.id} shows it.")
        found = _follow(session, found)
    _print(session, found)


def _follow(session: Session, found: "ErasureRow") -> "ErasureRow":
    """Wait for the end of an erasure, with a message for each change; return it."""
    told = _text(found)
    while found.finished_at is None:
        time.sleep(POLL)
        found = session.client.erasure(found.id)
        if found.finished_at is None and _text(found) != told:
            told = _text(found)
            session.out.note(told)
    return found


def _print(session: Session, row: "ErasureRow") -> None:
    if session.out.as_json:
        session.out.line(row)
    else:
        session.out.say(_text(row))


def _text(row: "ErasureRow") -> str:
    problem = "" if row.problem is None else f"; the last error: {row.problem}"
    if row.dry_run:
        return f"{row.id}  {row.state}  {row.jobs:,} jobs, {row.unfinished:,} of them unfinished{problem}"
    removed = f"{row.jobs:,} jobs, {row.rows:,} rows and {row.objects:,} objects removed"
    return f"{row.id}  {row.state}  {removed}, {row.unfinished:,} jobs unfinished{problem}"

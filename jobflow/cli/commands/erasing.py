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
    command(app, "erase", "erase --tenant acme --dry-run", "erase --tenant acme --reason 'contract ended' --yes")(erase)


def erase(
    session: Session,
    tenant: Annotated[str, typer.Option("--tenant", help="The value of `fair_by` or `serial_by`.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count its jobs.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; the audit log keeps it. No personal data.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not follow it: it goes on without this.")] = False,
) -> None:
    """Erase all jobs of a tenant that exist now, with everything that belongs to them. Only administrators may."""
    from jobflow.cli import many

    if not dry_run:
        many.confirm(f"Cancel and erase all jobs of the tenant {tenant}? Nothing brings them back.", many.ASK_FROM,
                     yes=yes)  # fmt: skip
    found = session.client.erase(tenant, reason=reason, dry_run=dry_run)
    while found.finished_at is None and not no_wait:
        time.sleep(POLL)
        found = session.client.erasure(found.id)
    _print(session, found)


def _print(session: Session, row: "ErasureRow") -> None:
    if session.out.as_json:
        session.out.line(row)
        return
    if row.dry_run:
        session.out.say(f"{row.id}  {row.state}  {row.jobs:,} jobs, {row.unfinished:,} of them unfinished")
        return
    session.out.say(f"{row.id}  {row.state}  {row.jobs:,} jobs, {row.rows:,} rows and {row.objects:,} objects removed")

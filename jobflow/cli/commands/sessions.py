"""Define the commands that list and end the sessions of people who have signed in to the console."""

from typing import TYPE_CHECKING, Annotated

import typer

from jobflow.cli.command import app_of, command
from jobflow.cli.commands.audit import local
from jobflow.cli.commands.jobs import Reason
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from jobflow.models import SessionRow

app = app_of("List and end the sessions of people who have signed in.")


@command(app, "list", "sessions list", "sessions list --all")
def list_(
    session: Session,
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended within the last day.")] = False,
) -> None:
    """List the sessions that work, newest first. Only administrators may."""
    columns = [
        ("ID", lambda row: row.id),
        ("WHO", _who),
        ("ROLE", lambda row: row.role),
        ("STATE", lambda row: row.state),
        ("SINCE", lambda row: local(row.created_at)),
        ("UNTIL", lambda row: local(row.ended_at or row.expires_at)),
    ]
    found = [one for one in session.client.sessions() if every or one.state == "works"]
    session.out.rows(found, columns, "No sessions.")


@command(app, "revoke", "sessions revoke oidc:0f1e2d3c:00u1a2b3c4 --reason 'lost laptop'")
def revoke(
    session: Session,
    principal: Annotated[str, typer.Argument(metavar="PRINCIPAL", help="Who: oidc:…, as `list` prints it.")],
    reason: Reason = "",
) -> None:
    """End all sessions of a person everywhere, within ten seconds. Only administrators may.

    ID tokens from before are refused. The person can sign in again some minutes later, until the identity
    provider or the groups of the stage prevent it.
    """
    ended = session.client.revoke_sessions(principal, reason=reason)
    session.out.say(f"Ended {ended} {'session' if ended == 1 else 'sessions'} of {principal}.")


def _who(row: "SessionRow") -> str:
    return f"{row.label} ({row.principal})" if row.label else row.principal

"""Define the commands that mark an error group as known, resolved, or open again."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from jobflow.cli.command import app_of, command
from jobflow.cli.commands.jobs import Reason
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from jobflow.models import ErrorMark

app = app_of("Acknowledge groups of errors; `jobflow errors` lists them.")
Fingerprint = Annotated[str, typer.Argument(metavar="FINGERPRINT", help="The group's, as `jobflow errors` prints it.")]


FINGERPRINT = re.compile("[0-9a-f]{12}")


def _named(text: str) -> str:
    """Return a fingerprint; raises NotFound for a text that cannot be one, as for a job's id."""
    from jobflow.errors import NotFound

    if not FINGERPRINT.fullmatch(text):
        raise NotFound(404, f"{text!r} is not a fingerprint, such as 9d6156e8610f: `jobflow errors` lists them.")
    return text


@command(app, "acknowledge", "error-groups acknowledge 9d6156e8610f")
def acknowledge(session: Session, fingerprint: Fingerprint, reason: Reason = "") -> None:
    """Mark an error group as known: it needs no attention until the error occurs again."""
    _told(session, session.client.acknowledge(_named(fingerprint), reason=reason), "acknowledged")


@command(app, "resolve", "error-groups resolve 9d6156e8610f")
def resolve(session: Session, fingerprint: Fingerprint, reason: Reason = "") -> None:
    """Mark an error group as resolved: it is shown as regressed when the error occurs again."""
    _told(session, session.client.resolve(_named(fingerprint), reason=reason), "resolved")


@command(app, "reopen", "error-groups reopen 9d6156e8610f")
def reopen(session: Session, fingerprint: Fingerprint, reason: Reason = "") -> None:
    """Remove the mark of an error group."""
    _told(session, session.client.reopen(_named(fingerprint), reason=reason), "open")


def _told(session: Session, mark: "ErrorMark", state: str) -> None:
    if session.out.as_json:
        session.out.line(mark)
    else:
        session.out.say(f"{mark.fingerprint}  {state}")

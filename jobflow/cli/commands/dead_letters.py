"""Define the commands for dead-lettered jobs."""

from typing import TYPE_CHECKING, Annotated

import typer

from jobflow.cli.command import app_of, command
from jobflow.cli.commands.jobs import DryRun, NoWait, Reason, Yes
from jobflow.cli.filters import Type
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from jobflow.models import JobFilter

app = app_of("Look at jobs that used up their attempts, and run them again.")


@command(app, "list", "dead-letters list --type email.send")
def list_(
    session: Session,
    job_type: Type = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The most jobs to print.")] = 20,
) -> None:
    """List dead-lettered jobs, newest first."""
    from jobflow.cli import views

    found = session.client.iterate(**_which(job_type))
    session.out.newest(found, limit, views.JOB_COLUMNS, "No dead-lettered jobs.")


@command(app, "redrive", "dead-letters redrive --type email.send --dry-run", "dead-letters redrive --yes")
def redrive(
    session: Session,
    job_type: Type = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    reason: Reason = "",
) -> None:
    """Run every dead-lettered job again, of one type or of all."""
    from jobflow.cli import many

    many.bulk(session, "retry", None, _which(job_type), dry_run=dry_run, yes=yes, reason=reason, wait=not no_wait)


def _which(job_type: str | None) -> "JobFilter":
    return {"status": "dead_letter", "type": job_type} if job_type else {"status": "dead_letter"}

"""The commands for dead-lettered jobs."""

from itertools import islice
from typing import Annotated

import typer

from jobflow.cli.command import app_of, command
from jobflow.cli.filters import Type
from jobflow.cli.jobs import DryRun, Yes
from jobflow.cli.session import Session

app = app_of("Look at jobs that used up their attempts, and run them again.")


@command(app, "list", "dead-letters list --type email.send")
def list_(
    session: Session,
    job_type: Type = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The most jobs to print.")] = 20,
) -> None:
    """List dead-lettered jobs, newest first."""
    from jobflow.cli import views
    from jobflow.models import JobFilter

    which = JobFilter(status="dead_letter")
    if job_type:
        which["type"] = job_type
    session.out.rows(islice(session.client.iterate(**which), limit), views.JOB_COLUMNS, "No dead-lettered jobs.")


@command(app, "redrive", "dead-letters redrive --type email.send --dry-run", "dead-letters redrive --yes")
def redrive(session: Session, job_type: Type = None, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Run every dead-lettered job again, of one type or of all."""
    from jobflow.cli import many

    counted = session.client.redrive(job_type, dry_run=True)
    if dry_run or not counted.matched:
        many.report(session, counted, "would be retried", counted.matched - len(counted.skipped))
        return
    many.confirm(f"Retry {counted.matched} dead-lettered jobs?", counted.matched, yes=yes)
    with session.out.busy(f"Retry {counted.matched} jobs …"):
        answer = session.client.redrive(job_type)
    many.report(session, answer, "retried", answer.done)

"""Change many jobs: count first, ask the user, show the progress, report what was skipped."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from jobflow.cli.command import REFUSED, STOPPED, usage
from jobflow.cli.printer import safe
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from jobflow.models import Action, BulkActionRow, JobFilter

DONE = {"retry": "retried", "cancel": "cancelled", "discard": "discarded"}
ASK_FROM = 2
"""From this number of jobs on, the command asks first."""
POLL = 0.5
"""Seconds between two reads of a bulk action."""
SHOWN = 5
"""Maximum number of reasons for skipped jobs that are printed."""


def one(session: Session, action: "Action", job_id: str, reason: str = "") -> None:
    """Act on one job and print it."""
    from jobflow.cli import views

    client = session.client
    acts: dict[str, Callable[[], Any]] = {
        "retry": lambda: client.retry(job_id, reason=reason),
        "cancel": lambda: client.cancel(job_id, reason=reason),
        "discard": lambda: client.discard(job_id, reason),
    }
    views.created(session, acts[action]())


def family(session: Session, job_id: str, *, yes: bool, reason: str = "") -> None:
    """Cancel one job and its descendants, and print their numbers by result."""
    from jobflow.cli import views

    confirm(f"Cancel {job_id} and all that it made?", ASK_FROM, yes=yes)
    after = session.client.cancel(job_id, descendants=True, reason=reason)
    views.created(session, after)
    if (below := after.descendants) is not None and not session.out.as_json:
        session.out.say(
            f"  of what it made: {below.cancelled} cancelled, {below.asked} asked, {below.finished} finished"
        )
        if below.more:
            session.out.say("  there are more: repeat the command")


def bulk(
    session: Session,
    action: "Action",
    ids: list[str] | None,
    which: "JobFilter",
    *,
    dry_run: bool,
    yes: bool,
    reason: str = "",
    wait: bool = True,
) -> None:
    """Let the platform act on the listed jobs, or on all that match; exit with 1 unless all were changed."""
    from jobflow.problems import MoreThanExpected

    client, noun = session.client, "job" if ids and len(ids) == 1 else "jobs"
    counted = followed(session, client.start_bulk(action, ids, dry_run=True, **which), f"Count the {noun}")
    whole(session, counted)
    possible = counted.matched - counted.skipped
    if dry_run:
        report(session, counted, f"would be {DONE[action]}", possible)
        return
    if not possible:
        # nothing was started, so the count is the final report: "0 jobs retried", not "0 jobs would be retried"
        report(session, replace(counted, dry_run=False), DONE[action], 0)
        return
    confirm(f"{action.capitalize()} {possible} jobs?", possible, yes=yes)
    try:
        started = client.start_bulk(action, ids, expected=counted.matched, reason=reason, **which)
    except MoreThanExpected:
        if not yes:
            raise
        # with --yes, the user has not confirmed a number, so jobs that came meanwhile are included
        started = client.start_bulk(action, ids, reason=reason, **which)
    if not wait:
        told(session, started)
        return
    finished = followed(session, started, f"{action.capitalize()} {possible} jobs", counted.matched)
    report(session, finished, DONE[action], finished.done)
    if finished.state != "done":
        raise typer.Exit(REFUSED)


def followed(session: Session, started: "BulkActionRow", text: str, total: int | None = None) -> "BulkActionRow":
    """Show the progress of a bulk action until it has finished. Ctrl-C ends only the display, and a message says so."""
    found = started
    try:
        with session.out.progress(text, started.expected or total) as seen:
            while found.finished_at is None:
                seen(found.matched, found.expected or total)
                time.sleep(POLL)
                found = session.client.bulk_action(started)
    except KeyboardInterrupt:
        typer.echo(f"Still running: jobflow bulk show {started.id}, jobflow bulk stop {started.id}", err=True)
        raise typer.Exit(STOPPED) from None
    return found


def whole(session: Session, counted: "BulkActionRow") -> None:
    """Exit with 1 unless all jobs were counted, because the user must confirm the complete number."""
    if counted.state == "done":
        return
    if session.out.as_json:
        session.out.line(counted)
    why = f"{counted.state}: {counted.problem}" if counted.problem else counted.state
    text = f"Only {counted.matched} jobs were counted ({why}). No job was changed; repeat the command."
    typer.echo(f"jobflow: {safe(text)}", err=True)
    raise typer.Exit(REFUSED)


def confirm(question: str, number: int, *, yes: bool) -> None:
    """Ask before acting on several jobs, and exit unless the user agrees; without a terminal, `--yes` is needed."""
    if yes or number < ASK_FROM:
        return
    if not is_interactive():
        raise usage(f"{question} Confirm with --yes.")
    if not typer.confirm(question, err=True):
        raise typer.Exit(REFUSED)


def is_interactive() -> bool:
    """Return whether a person can answer."""
    import sys

    return sys.stdin is not None and sys.stdin.isatty()


def told(session: Session, row: "BulkActionRow") -> None:
    """Print a bulk action and its progress."""
    if session.out.as_json:
        session.out.line(row)
    else:
        session.out.say(f"{row.id}  {row.action}  {row.state}  {row.matched} jobs, {row.skipped} skipped")


def report(session: Session, row: "BulkActionRow", words: str, number: int) -> None:
    """Print how many jobs were changed, and why others were skipped."""
    if session.out.as_json:
        session.out.line(row)
        return
    session.out.say(f"{number} of {row.matched} jobs {words}.")
    for reason in row.reasons[:SHOWN]:
        session.out.say(f"  {reason.jobs} skipped: {reason.reason}")
    if row.problem:
        session.out.say(f"  {row.state}: {row.problem}")

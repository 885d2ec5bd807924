"""Steer many jobs: count first, ask a person, show how far the platform is, tell what was skipped."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from jobflow.cli.command import REFUSED, STOPPED, usage
from jobflow.cli.printer import safe
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from jobflow.models import Action, BulkActionRow, JobFilter

DONE = {"retry": "retried", "cancel": "cancelled", "discard": "discarded"}
ASK_FROM = 2
"""Jobs from which on a person is asked."""
POLL = 0.5
"""Seconds between two looks at a bulk action."""
SHOWN = 5
"""Reasons of skipped jobs that are printed."""


def one(session: Session, action: "Action", job_id: str, reason: str = "") -> None:
    """Act on one job and print it."""
    from jobflow.cli import views

    client = session.client
    acts: dict[str, Callable[[], Any]] = {
        "retry": lambda: client.retry(job_id),
        "cancel": lambda: client.cancel(job_id),
        "discard": lambda: client.discard(job_id, reason),
    }
    views.created(session, acts[action]())


def family(session: Session, job_id: str, *, yes: bool) -> None:
    """Cancel one job and all that it made, and tell what became of those."""
    from jobflow.cli import views

    confirm(f"Cancel {job_id} and all that it made?", ASK_FROM, yes=yes)
    after = session.client.cancel(job_id, descendants=True)
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
    """Let the platform act on the listed jobs, or on all that match; exits with 1 unless it does it wholly."""
    from jobflow.problems import MoreThanExpected

    client, noun = session.client, "job" if ids and len(ids) == 1 else "jobs"
    counted = followed(session, client.start_bulk(action, ids, dry_run=True, **which), f"Count the {noun}")
    whole(session, counted)
    possible = counted.matched - counted.skipped
    if dry_run or not possible:
        report(session, counted, f"would be {DONE[action]}", possible)
        return
    confirm(f"{action.capitalize()} {possible} jobs?", possible, yes=yes)
    try:
        started = client.start_bulk(action, ids, expected=counted.matched, reason=reason, **which)
    except MoreThanExpected:
        if not yes:
            raise
        # nobody has agreed to a number, and jobs that came meanwhile are meant, too
        started = client.start_bulk(action, ids, reason=reason, **which)
    if not wait:
        told(session, started)
        return
    finished = followed(session, started, f"{action.capitalize()} {possible} jobs", counted.matched)
    report(session, finished, DONE[action], finished.done)
    if finished.state != "done":
        raise typer.Exit(REFUSED)


def followed(session: Session, started: "BulkActionRow", text: str, total: int | None = None) -> "BulkActionRow":
    """Show how far a bulk action is until it has finished; Ctrl-C leaves it running, and says so."""
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
    """Exit with 1 unless a count is done: the question would be about a part of the jobs, and the answer about all."""
    if counted.state == "done":
        return
    if session.out.as_json:
        session.out.line(counted)
    why = f"{counted.state}: {counted.problem}" if counted.problem else counted.state
    text = f"Only {counted.matched} jobs were counted ({why}). No job was changed; repeat the command."
    typer.echo(f"jobflow: {safe(text)}", err=True)
    raise typer.Exit(REFUSED)


def confirm(question: str, number: int, *, yes: bool) -> None:
    """Ask before acting on several jobs; without a terminal to ask at, `--yes` is needed. Exits otherwise."""
    if yes or number < ASK_FROM:
        return
    if not is_interactive():
        raise usage(f"{question} Say so with --yes.")
    if not typer.confirm(question, err=True):
        raise typer.Exit(REFUSED)


def is_interactive() -> bool:
    """Return whether a person can answer."""
    import sys

    return sys.stdin is not None and sys.stdin.isatty()


def told(session: Session, row: "BulkActionRow") -> None:
    """Print a bulk action: what it is and how far it is."""
    if session.out.as_json:
        session.out.line(row)
    else:
        session.out.say(f"{row.id}  {row.action}  {row.state}  {row.matched} jobs, {row.skipped} skipped")


def report(session: Session, row: "BulkActionRow", words: str, number: int) -> None:
    """Tell how many it were, and why others were skipped."""
    if session.out.as_json:
        session.out.line(row)
        return
    session.out.say(f"{number} of {row.matched} jobs {words}.")
    for reason in row.reasons[:SHOWN]:
        session.out.say(f"  {reason.jobs} skipped: {reason.reason}")
    if row.problem:
        session.out.say(f"  {row.state}: {row.problem}")

"""Steer many jobs: count first, ask a person, show how far it is, tell what was skipped."""

from collections import Counter
from typing import TYPE_CHECKING

import typer

from jobflow.cli.command import usage
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from jobflow.models import BulkAnswer, JobFilter

DONE = {"retry": "retried", "cancel": "cancelled"}
ASK_FROM = 2
"""Jobs from which on a person is asked."""


def one(session: Session, action: str, job_id: str) -> None:
    """Act on one job and print it."""
    from jobflow.cli import views

    act = session.client.retry if action == "retry" else session.client.cancel
    views.created(session, act(job_id))


def family(session: Session, job_id: str, *, yes: bool) -> None:
    """Cancel one job and all that it made, and tell what became of those."""
    from jobflow.cli import views

    confirm(f"Cancel {job_id} and all that it made?", ASK_FROM, yes=yes)
    after = session.client.cancel(job_id, descendants=True)
    views.created(session, after)
    if (told := after.descendants) is not None and not session.out.as_json:
        session.out.say(f"  of what it made: {told.cancelled} cancelled, {told.asked} asked, {told.finished} finished")
        if told.more:
            session.out.say("  there are more: repeat the command")


def bulk(session: Session, action: str, ids: list[str] | None, which: "JobFilter", *, dry_run: bool, yes: bool) -> None:
    """Retry or cancel the listed jobs, or all that match."""
    act = session.client.retry_many if action == "retry" else session.client.cancel_many
    counted = act(ids, dry_run=True, **which)
    if dry_run or not counted.matched:
        report(session, counted, f"would be {DONE[action]}", counted.matched - len(counted.skipped))
        return
    confirm(f"{action.capitalize()} {counted.matched} jobs?", counted.matched, yes=yes)
    with session.out.busy(f"{action.capitalize()} {counted.matched} jobs …"):
        answer = act(ids, **which)
    report(session, answer, DONE[action], answer.done)


def confirm(question: str, number: int, *, yes: bool) -> None:
    """Ask before acting on several jobs; without a terminal to ask at, `--yes` is needed. Exits otherwise."""
    if yes or number < ASK_FROM:
        return
    if not is_interactive():
        raise usage(f"{question} Say so with --yes.")
    typer.confirm(question, abort=True, err=True)


def is_interactive() -> bool:
    """Return whether a person can answer."""
    import sys

    return sys.stdin.isatty()


def report(session: Session, answer: "BulkAnswer", words: str, number: int) -> None:
    """Tell how many it were, and why others were skipped."""
    if session.out.as_json:
        session.out.line(answer)
        return
    session.out.say(f"{number} of {answer.matched} jobs {words}.")
    for reason, count in Counter(one.reason for one in answer.skipped).most_common(5):
        session.out.say(f"  {count} skipped: {reason}")

"""Define the commands for batches: many jobs with one end."""

from typing import TYPE_CHECKING, Annotated

import typer

from jobflow.cli import reading
from jobflow.cli.command import app_of, command
from jobflow.cli.commands.jobs import Reason
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from jobflow.cli.printer import Column
    from jobflow.models import BatchDetail, BatchRow

POLL = 2.0
"""Seconds between two reads of `show --watch`."""
app = app_of("Look at batches, close them, cancel them, and retry their failed members.")
Id = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id.")]
ROUNDS: list["Column"] = [
    ("ROUND", lambda one: one.round),
    ("STATE", lambda one: one.state),
    ("TOTAL", lambda one: "" if one.total is None else one.total),
    ("DONE", lambda one: one.done),
    ("FAILED", lambda one: one.failed),
    ("CANCELLED", lambda one: one.cancelled),
    ("OPENED", lambda one: reading.ago(one.opened_at)),
    ("ENDED", lambda one: reading.ago(one.ended_at) if one.ended_at else ""),
]


@command(app, "list", "batches list", "batches list --json | jq .newest.state")
def list_(
    session: Session,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The most batches to print.")] = 20,
) -> None:
    """List batches, newest first."""
    columns: list[Column] = [
        ("ID", lambda row: row.id),
        ("KEY", lambda row: row.key or ""),
        ("STATE", lambda row: row.state),
        ("DONE", _progress),
        ("FAILED", lambda row: row.newest.failed),
        ("CREATED", lambda row: reading.ago(row.created_at)),
    ]
    session.out.newest(session.client.batches(), limit, columns, "No batches.")


@command(app, "show", "batches show 0b8f4d52-5c0a-4c55-9d6c-6f0c7c2f5a11", "batches show $BATCH --watch")
def show(
    session: Session,
    batch: Id,
    watch: Annotated[bool, typer.Option("--watch", help="Print anew until the batch has ended.")] = False,
) -> None:
    """Print a batch with the numbers of each round."""
    import time

    while True:
        found = session.client.get_batch(batch)
        if watch and not session.out.as_json:
            session.out.console.clear()
        _told(session, found)
        if not watch or found.state == "ended":
            return
        time.sleep(POLL)


@command(app, "close", "batches close $BATCH --total 200", "batches close $BATCH")
def close(
    session: Session,
    batch: Id,
    total: Annotated[int | None, typer.Option("--total", min=0, help="Number of members; default: count them.")] = None,
    reason: Reason = "",
) -> None:
    """Close a batch: no member can be added any more."""
    _told(session, session.client.close_batch(batch, total, reason=reason))


@command(app, "cancel", "batches cancel $BATCH")
def cancel(session: Session, batch: Id, reason: Reason = "") -> None:
    """Close a batch and cancel its unfinished members."""
    _told(session, session.client.cancel_batch(batch, reason=reason))


@command(app, "retry", "batches retry $BATCH")
def retry(session: Session, batch: Id, reason: Reason = "") -> None:
    """Retry the failed members of a batch, as a new round."""
    _told(session, session.client.retry_batch(batch, reason=reason))


def _progress(row: "BatchRow") -> str:
    total = "?" if row.newest.total is None else row.newest.total
    return f"{row.newest.done} of {total}"


def _told(session: Session, found: "BatchDetail") -> None:
    facts = [
        ("id", found.id),
        ("state", found.state),
        ("retrying", "yes" if found.retrying else None),
        ("cancelled by", found.cancelled_by),
        ("key", found.key),
        ("then", found.then),
        ("on failure", found.on_failure),
        ("tags", ", ".join(found.tags or [])),
        ("notifies", ", ".join(found.notify or [])),
        ("parent", found.parent),
        ("created", found.created_at),
        ("by", found.created_by),
    ]
    session.out.facts(found, facts)
    if not session.out.as_json:
        session.out.rows(found.rounds, ROUNDS, "")

"""Define the commands for job types."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobflow.cli.command import app_of, command, if_in_scope
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jobflow.models import AtMostRow, JobTypeRow, LimitRateRow, Paused, TypeNumbers

app = app_of("Look at job types, and stop or start handing out their jobs.")
Name = Annotated[str, typer.Argument(metavar="TYPE", help="The job type, such as email.send.")]
Reason = Annotated[
    str, typer.Option("--reason", help="Shown while the type is paused, and in the audit log. No personal data.")
]


@command(app, "list", "types list")
def list_(session: Session) -> None:
    """List the job types with their backlog."""
    from jobflow.cli import reading
    from jobflow.plain import plain

    measured = if_in_scope(session.client.metrics)
    numbers = measured.by_type if measured else {}
    rows = [(kind, numbers.get(kind.type)) for kind in session.client.job_types()]
    if session.out.as_json:
        for kind, of_kind in rows:
            session.out.line({**plain(kind), "numbers": plain(of_kind)})
        return
    columns = [
        ("TYPE", lambda row: row[0].type),
        ("PAUSED", lambda row: _pause(row[1]) or ""),
        ("QUEUED", lambda row: row[1] and row[1].by_status.get("queued", 0)),
        ("BLOCKED", lambda row: row[1] and row[1].by_status.get("blocked", 0)),
        ("DEAD", lambda row: row[1] and row[1].dead_letter_jobs),
        ("ATTEMPTS", lambda row: row[0].max_attempts),
        ("TIMEOUT", lambda row: reading.lasting(row[0].timeout)),
        ("WHAT IT DOES", lambda row: row[0].description.partition("\n")[0]),
    ]
    session.out.rows(rows, columns, "No job types.")


@command(app, "show", "types show email.send", "types show email.send --json | jq .schema")
def show(session: Session, job_type: Name) -> None:
    """Print a job type with the schema of its payload and an example."""
    from jobflow.errors import NotFound

    kinds = session.client.job_types()
    found = next((kind for kind in kinds if kind.type == job_type), None)
    if found is None:
        raise NotFound(404, f"There is no job type {job_type!r}, only {', '.join(kind.type for kind in kinds)}.")
    if session.out.as_json:
        session.out.line(found)
        return
    measured = if_in_scope(session.client.metrics)
    paused = _pause(measured.by_type.get(job_type) if measured else None)
    session.out.facts(found, [*_facts(found), ("paused", paused), *_shared(found, kinds)])


def _pause(numbers: "TypeNumbers | None") -> str | None:
    """Return a text about a type's pause, with the reason if one was given; None for a type that is not paused."""
    if numbers is None or not numbers.paused:
        return None
    return f"paused: {numbers.pause.reason}" if numbers.pause and numbers.pause.reason else "paused"


def _limit(one: "AtMostRow") -> str:
    each = f" for each value of {one.by}" if one.by else ""
    return f"{one.n} at once{each}" + (f", shared as {one.shared}" if one.shared else "")


def _rate(one: "LimitRateRow") -> str:
    burst = f", {one.burst} more at once" if one.burst else ""
    each = f" for each value of {one.by}" if one.by else ""
    return f"{one.n} in {one.per:g} s{burst}{each}" + (f", shared as {one.shared}" if one.shared else "")


def _shared(kind: "JobTypeRow", kinds: "Sequence[JobTypeRow]") -> "Iterator[tuple[str, str]]":
    """Return for each shared limit of a type which other types have it."""
    for name in dict.fromkeys(one.shared for one in _all(kind) if one.shared):
        others = [two.type for two in kinds if two.type != kind.type and _has(two, name)]
        yield f"{name} is shared with", ", ".join(others) or "no other type"


def _has(kind: "JobTypeRow", shared: str) -> bool:
    return any(one.shared == shared for one in _all(kind))


def _all(kind: "JobTypeRow") -> "list[AtMostRow | LimitRateRow]":
    return [*(kind.limits or []), *(kind.rates or [])]  # an older API sends no rates


def _budget(kind: "JobTypeRow") -> str | None:
    """Return what a type's jobs may cost in a day, and how it is counted; None if it declares neither."""
    from jobflow.cli.views import dollars

    if kind.spending is None:
        return None
    said = [] if kind.spending.per_day is None else [f"{dollars(kind.spending.per_day)} a day"]
    return ", ".join(
        [*said, f"reported from {kind.spending.warn:.0%}", *["counted by tenant"][: kind.spending.by_tenant]]
    )


def _keep(kind: "JobTypeRow") -> str | None:
    """Return for how long finished jobs of a type are kept; None if it declares nothing."""
    from jobflow.cli.reading import lasting

    if kind.keep is None:
        return None
    payload = "" if kind.keep.payload is None else f", payloads for {lasting(kind.keep.payload)}"
    return f"finished jobs for {lasting(kind.keep.done)}, failed ones for {lasting(kind.keep.dead)}{payload}"


def _facts(kind: "JobTypeRow") -> "Iterator[tuple[str, Any]]":
    """Return all settings of a type for people; a setting that the type does not declare is None."""
    from jobflow.cli.reading import lasting

    rule, rate = kind.pause_when, kind.rate
    burst = f", {rate.burst} more at once" if rate and rate.burst else ""
    fields = f" by {', '.join(kind.unique_by)}" if kind.unique_by else ""
    yield "type", kind.type
    yield "title", kind.title
    yield "does", kind.description
    yield "attempts", kind.max_attempts
    yield "longest waits", ", ".join(map(lasting, kind.retry_waits[: kind.max_attempts - 1])) or None
    yield "retries only", ", ".join(kind.retry_on) or None
    yield "never retries", ", ".join(kind.fail_on) or None
    yield "gives up after", None if kind.give_up_after is None else lasting(kind.give_up_after)
    yield "tells its end to", kind.on_end
    takes = {"jobs (on_end)": kind.takes_ends, "batches (then, on_failure)": kind.takes_batch_ends}
    yield "is told ends of", ", ".join(name for name, does in takes.items() if does) or None
    yield "expires after", None if kind.expires is None else lasting(kind.expires)
    yield "timeout", f"{kind.timeout} s"
    yield "time for one job", f"{kind.budget:g} s"
    yield "batch size", kind.batch_size
    yield "shares queue", kind.queue
    yield "concurrency", kind.concurrency
    yield "urgent queue", "for high priority, and for jobs that a limit has woken" if kind.urgent else None
    yield "memory", f"{kind.memory} MB"
    yield "rate", None if rate is None else f"{rate.n} in {rate.per:g} s{burst}"
    yield "paused when", None if rule is None else f"{rule.of} attempts fail with one error within {rule.within:g} s"
    # an older API sends only the first limit
    yield "at most", "; ".join(map(_limit, kind.limits or ([kind.at_most] if kind.at_most else []))) or None
    yield "starts at most", "; ".join(map(_rate, kind.rates or [])) or None
    yield "fair by", kind.fair_by
    yield "serial by", kind.serial_by
    yield "unique", None if kind.unique_for is None else f"for {lasting(kind.unique_for)}{fields}"
    yield "budget", _budget(kind)
    yield "keeps", _keep(kind)
    yield "makes jobs of", ", ".join(kind.enqueues) or None
    yield "retired", kind.retired
    yield "problem", kind.problem
    yield "example", kind.example
    yield "schema", kind.schema


@command(app, "tenants", "types tenants invoice.send")
def tenants(session: Session, job_type: Name) -> None:
    """Print the ten tenants of a type with the most unfinished jobs: queued, running, or between attempts."""
    found = session.client.tenants(job_type)
    session.out.rows(found.tenants, [("TENANT", lambda one: one.tenant), ("JOBS", lambda one: one.jobs)], "No jobs.")
    if not found.complete:
        session.out.say(f"Among {found.looked:,} jobs: those due first, and those due last.")


@command(app, "pause", "types pause email.send")
def pause(session: Session, job_type: Name, reason: Reason = "") -> None:
    """Pause a job type, so that its jobs wait."""
    _tell(session, session.client.pause(job_type, reason))


@command(app, "resume", "types resume email.send")
def resume(
    session: Session,
    job_type: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; the audit log keeps it. No personal data.")] = "",
) -> None:
    """Resume a job type."""
    _tell(session, session.client.resume(job_type, reason))


def _tell(session: Session, state: "Paused") -> None:
    if session.out.as_json:
        session.out.line(state)
    else:
        words = "wait: the type is paused" if state.paused else "are handed out again"
        if len(state.types) > 1:  # an older platform does not name them
            words = "wait: the queue of these types is paused" if state.paused else words
        session.out.say(f"Jobs of {', '.join(state.types) or state.type} {words}.")

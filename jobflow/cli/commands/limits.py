"""Define the commands for limits: how many jobs run at once or start, who has a place, who waits; change it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobflow.cli import reading
from jobflow.cli.command import app_of, command
from jobflow.cli.commands.jobs import Reason
from jobflow.cli.session import Session

if TYPE_CHECKING:
    from jobflow.models import LimitChanged, LimitDetail, LimitRow

MORE = "Jobs wait for more values than these."
app = app_of("Look at limits of job types, and change how many of their jobs run at once, or start at a rate.")
UNITS = {1.0: "a second", 60.0: "a minute", 3600.0: "an hour", 86400.0: "a day"}
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name, as `jobflow limits list` prints it.")]
Value = Annotated[
    str | None,
    typer.Option(
        metavar="VALUE",
        help="One value of the limit's field, such as a customer, as it is in payloads. Default: all values.",
    ),
]


@command(app, "list", "limits list")
def list_(session: Session) -> None:
    """List the limits, with the number of places in use (of a rate: of turns), and of jobs that wait.

    A value of a field, such as a customer, is listed while jobs wait for it, and if its number was changed.
    """
    columns = [
        ("NAME", lambda row: row.name),
        ("VALUE", lambda row: "(all)" if row.all_values else row.value),
        ("NUMBER", _number),
        ("IN CODE", lambda row: row.n_declared),
        ("IN USE", lambda row: row.in_use),
        ("WAITING", _waiting),
        ("TYPES", lambda row: ", ".join(row.types)),
        ("CHANGED", _changed),
    ]
    found = session.client.limits()
    session.out.rows(found.limits, columns, "No job type has a limit.")
    if found.more:
        session.out.note(MORE)


@command(app, "show", "limits show 3.openai", "limits show 0.invoice.export --value acme")
def show(session: Session, name: Name, value: Value = None) -> None:
    """Print a limit with the jobs that have its places and since when, and the first of those that wait."""
    found = session.client.limit(name, value=value)
    session.out.facts(found, _facts(found))


@command(
    app,
    "set",
    "limits set 3.openai 5 --reason 'the provider is slow'",
    "limits set 3-rate.openai 10 --reason 'the provider allows 10 a minute'",
    "limits set 0.invoice.export 1",
    "limits set 0.invoice.export 0 --value acme --reason 'acme asked us to stop'",
)
def set_(
    session: Session,
    name: Name,
    n: Annotated[
        int,
        typer.Argument(
            metavar="N",
            min=0,
            help="At most so many jobs run at once; of a rate, so many start in its period; 0: none.",
        ),
    ],
    value: Value = None,
    reason: Reason = "",
) -> None:
    """Change how many jobs of a limit run at once, or start at a rate, until it is reset.

    Deployments do not end the change. The period of a rate stays as in the code. Workers obey within 10 seconds. Jobs
    that run are not stopped.
    """
    _print(session, session.client.set_limit(name, n, value=value, reason=reason))


@command(app, "reset", "limits reset 3.openai", "limits reset 0.invoice.export --value acme")
def reset(session: Session, name: Name, value: Value = None, reason: Reason = "") -> None:
    """Let as many jobs of a limit, or of one value of it, run at once, or start, as the code says."""
    _print(session, session.client.reset_limit(name, value=value, reason=reason))


def _number(row: "LimitRow | LimitDetail | LimitChanged") -> Any:
    if row.n is None:
        return "no limit"
    return row.n if row.per is None else f"{row.n} {_unit(row.per)}"


def _unit(per: float) -> str:
    return UNITS.get(per, f"in {per:g} seconds")


def _said(row: "LimitRow | LimitDetail | LimitChanged") -> str:
    if row.n is None or row.per is not None:
        return str(_number(row))
    return f"{row.n} place" if row.n == 1 else f"{row.n} places"


def _waiting(row: "LimitRow | LimitDetail") -> str:
    if row.waiting is None:
        return "some" if row.waits else ""
    return f"{row.waiting}+" if row.waiting_more else str(row.waiting)


def _changed(row: "LimitRow | LimitDetail") -> str:
    if row.changed is None:
        return ""
    one = row.changed
    which = "" if one.value == row.value else "for all values, "
    void = "" if one.in_force else "not in force, "
    return f"{void}{which}{reading.ago(one.at)} by {one.by}" + (f": {one.reason}" if one.reason else "")


def _facts(found: "LimitDetail") -> Iterator[tuple[str, Any]]:
    yield "name", found.name
    yield "types", ", ".join(found.types)
    yield "field", found.by
    yield "value", "(all)" if found.all_values else found.value
    yield "places" if found.per is None else "starts", _number(found)
    if found.burst:
        yield "burst", found.burst
    yield "in the code", "not declared any more" if found.n_declared is None else found.n_declared
    yield "changed", _changed(found)
    yield "in use", found.in_use
    yield "waiting", _waiting(found)
    for held in found.holders:
        since = f", since {reading.ago(held.since)}" if held.since else ""
        stale = ", which does not need it any more" if held.stale else ""
        yield "has a place", f"{held.job_id} {held.type or 'cannot be read'} {held.status or ''}{since}{stale}"
    for line in found.lines:
        for waiter in line.first:
            ranked = "" if waiter.priority in (None, "normal") else f", {waiter.priority}"
            yield "waits", f"{waiter.job_id} {line.type} due {reading.ago(waiter.due_since)}{ranked}"
        left = line.waiting - len(line.first)
        if left > 0 or line.waiting_more:
            yield "", f"and {left}{'+' if line.waiting_more else ''} more of {line.type}"
    for one in found.values:
        yield "value", f"{one.value}: {_said(one)}, {one.in_use} in use, {_waiting(one) or 0} waiting"
    if found.more_values:
        yield "", MORE


def _print(session: "Session", row: "LimitChanged") -> None:
    if session.out.as_json:
        session.out.line(row)
    else:
        which = row.name if row.value is None else f"{row.name}, value {row.value}"
        code = ", as in the code" if row.n == row.n_declared else f" instead of {row.n_declared}"
        if row.n_declared is None:
            code = ", the code does not declare it any more"
        session.out.say(f"{which}: {_said(row)}{code}.")
        if row.left:
            session.out.say(f"Further jobs of {row.left} limits or values can start: the watchdog starts them.")

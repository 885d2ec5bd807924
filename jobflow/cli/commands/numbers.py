"""Define the commands for logs, metrics, costs and errors."""

import json
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from jobflow.cli import reading
from jobflow.cli.command import command
from jobflow.cli.commands.jobs import Id
from jobflow.cli.filters import Type
from jobflow.cli.session import Session
from jobflow.plain import plain

if TYPE_CHECKING:
    from jobflow.models import LogLine, MetricsAnswer


class By(StrEnum):
    """What the rows of `jobflow usage` are about."""

    TYPE = "type"
    TENANT = "tenant"
    DAY = "day"


POLL = 2.0
"""Seconds between two reads. More reads would show nothing new, because counters are a few seconds old."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    command(app, "logs", "logs @last --follow", "logs 6a1de45f --json | jq .message")(logs)
    command(app, "metrics", "metrics --watch", "metrics --json | jq .queue_length")(metrics)
    command(
        app,
        "usage",
        "usage --since 7d",
        "usage --by day --type email.send",
        "usage --since 7d --dearest 10",
        "usage --by tenant --json | jq '.rows[] | [.tenant, .cost_nano_usd / 1e9]'",
    )(usage)
    command(app, "health", "health", "health --json | jq -e 'select(.kind == \"new_dead_letters\")'")(health)
    command(app, "errors", "errors --since 1d", "errors --type email.send")(errors)


def logs(
    session: Session,
    job: Id,
    follow: Annotated[bool, typer.Option("--follow", help="Follow until the job has ended.")] = False,
) -> None:
    """Print the log lines of a job, oldest first."""
    import time
    from collections import Counter

    job_id, printed = session.id_of(job), Counter[str]()
    while True:
        ended = session.client.get(job_id).finished_at is not None
        read = Counter[str]()
        for line in sorted(session.client.logs(job_id), key=lambda line: line.at):
            # Lines have no id, and several may be identical. So print a line only if this read has more copies of it
            # than were printed before.
            key = json.dumps(plain(line), sort_keys=True)
            read[key] += 1
            if read[key] > printed[key]:
                printed[key] += 1
                session.out.line(line) if session.out.as_json else session.out.say(_line(line))
        if ended or not follow:
            return
        time.sleep(POLL)


def _line(line: "LogLine") -> str:
    from jobflow.cli.printer import shown

    number = "" if line.attempt is None else f" #{line.attempt}"
    fields = " ".join(f"{name}={value}" for name, value in (line.fields or {}).items())
    return f"{shown(line.at)}{number} {line.level:<7} {line.message} {fields}".rstrip()


def metrics(
    session: Session, watch: Annotated[bool, typer.Option("--watch", help="Print anew until Ctrl-C.")] = False
) -> None:
    """Print the number of jobs, by type and status."""
    import time

    if not watch:
        _numbers(session, session.client.metrics())
        return
    while True:
        found = session.client.metrics()
        if not session.out.as_json:
            session.out.console.clear()
        _numbers(session, found)
        time.sleep(POLL)


def _numbers(session: Session, found: "MetricsAnswer") -> None:
    if session.out.as_json:
        session.out.line(found)
        return
    seldom = [
        (name.upper(), lambda row, name=name: row[1].by_status.get(name, 0))
        for name in ("scheduled", "suspended", "blocked") if found.by_status.get(name)
    ]  # fmt: skip
    columns = [
        ("TYPE", lambda row: f"{row[0]} (paused)" if row[1].paused else row[0]),
        # Count jobs by status, like the lists. SQS's numbers are up to a minute old, and include messages in backoff
        # among those in flight.
        ("QUEUED", lambda row: row[1].by_status.get("queued", 0)),
        ("RUNNING", lambda row: row[1].by_status.get("processing", 0)),
        ("RETRY", lambda row: row[1].by_status.get("retrying", 0)),
        *seldom,
        ("DONE", lambda row: row[1].completed_jobs),
        ("FAILED", lambda row: row[1].failed_jobs),
        ("DEAD", lambda row: row[1].dead_letter_jobs),
        (
            "OLDEST",
            lambda row: None if row[1].oldest_queued_age_s is None else reading.lasting(row[1].oldest_queued_age_s),
        ),
    ]
    session.out.rows(sorted(found.by_type.items()), columns, "No jobs yet.")
    scheduled, suspended, blocked, cancelled = (
        found.by_status.get(name, 0) for name in ("scheduled", "suspended", "blocked", "cancelled")
    )
    session.out.say(
        f"{found.total_jobs} jobs, {found.active_jobs} queued, running or retrying, {scheduled} scheduled, "
        f"{suspended} suspended, {blocked} blocked, {found.completed_jobs} completed, {found.failed_jobs} failed, "
        f"{found.dead_letter_jobs} dead-lettered, {cancelled} cancelled"
    )


def usage(
    session: Session,
    by: Annotated[By, typer.Option("--by", help="One row for each type, tenant or day.")] = By.TYPE,
    job_type: Type = None,
    since: Annotated[
        str | None, typer.Option("--since", help="From the day of this time (UTC). Default: 30 days up to --until.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Up to this time. Default: now.")] = None,
    dearest: Annotated[
        int, typer.Option("--dearest", min=0, max=50, help="Also print this many of the dearest runs.")
    ] = 0,
) -> None:
    """Print what jobs have cost by type, tenant or day: about, at list prices, without free allowances."""
    from jobflow.cli.views import NANO, dollars

    begin, end = (None if at is None else reading.moment(at) for at in (since, until))
    found = session.client.usage(by.value, job_type, begin, end, dearest=dearest)
    if session.out.as_json:
        session.out.line(found)
        return
    names = {
        By.TYPE: [("TYPE", lambda row: row.type)],
        By.TENANT: [("TYPE", lambda row: row.type), ("TENANT", lambda row: row.tenant or "-")],
        By.DAY: [("DAY", lambda row: f"{row.day:%Y-%m-%d}")],
    }
    columns = [
        *names[by],
        ("JOBS", lambda row: f"{row.jobs:,}"),
        ("ATTEMPTS", lambda row: f"{row.attempts:,}"),
        ("RETRIES", lambda row: f"{row.retries:,}"),
        ("RUN", lambda row: reading.lasting(row.run_s)),
        ("COST", lambda row: dollars(row.cost_nano_usd / NANO)),
        ("OF RETRIES", lambda row: dollars(row.retries_nano_usd / NANO)),
    ]
    session.out.rows(found.rows, columns, "No jobs in these days.")
    if dearest:
        of_run = [
            ("JOB", lambda run: run.job_id),
            ("TYPE", lambda run: run.type),
            ("STARTED", lambda run: reading.ago(run.started_at)),
            ("RUN", lambda run: reading.lasting(run.run_s)),
            ("AFTER IT", lambda run: run.status),
            ("COST", lambda run: dollars(run.cost_nano_usd / NANO)),
        ]
        session.out.rows(found.dearest, of_run, "No stored job has a run of a second or longer in these days.")
    last = found.to - timedelta(days=1)
    share = found.total.retries_nano_usd / found.total.cost_nano_usd if found.total.cost_nano_usd else 0
    session.out.say(
        f"{dollars(found.total.cost_nano_usd / NANO)} from {found.from_:%Y-%m-%d} to {last:%Y-%m-%d} (UTC), "
        f"{share:.0%} of it for retries: an estimate at list prices of {found.region} ({found.prices}), without free "
        "allowances and without what an idle stage costs."
    )
    if found.truncated:
        session.out.say("There are too many tenants: jobs of some days are in the row without a tenant.")


def health(session: Session) -> None:
    """Print what needs attention, most urgent first."""
    columns = [
        ("WHAT", lambda row: row.kind.replace("_", " ")),
        ("TYPE", lambda row: row.type),
        ("NUMBER", lambda row: f"{row.number} %" if row.kind == "budget" else row.number),
        ("ACKNOWLEDGED", lambda row: row.acknowledged),
        ("SINCE", lambda row: reading.ago(row.since)),
        ("A MINUTE", lambda row: None if row.growth_per_minute is None else f"{row.growth_per_minute:+g}"),
        ("DRAINS IN", lambda row: None if row.drain_eta_s is None else reading.lasting(row.drain_eta_s)),
    ]
    session.out.rows(session.client.findings(), columns, "All healthy.")


def errors(
    session: Session,
    job_type: Type = None,
    since: Annotated[
        str | None,
        typer.Option("--since", help="Only what failed after: 2h, today, or 2027-03-01T10:00. Default: the last day."),
    ] = None,
    unacknowledged: Annotated[
        bool, typer.Option("--unacknowledged", help="Only those that `jobflow health` counts.")
    ] = False,
) -> None:
    """Print failures in groups, most frequent first."""
    columns = [
        ("FINGERPRINT", lambda group: group.fingerprint),
        ("TYPE", lambda group: group.type),
        ("COUNT", lambda group: group.count),
        ("LAST SEEN", lambda group: reading.ago(group.last_seen)),
        ("SAMPLE", lambda group: (group.sample_job_ids or [""])[0][:8]),
        ("ERROR", lambda group: f"{group.error_class}: {group.message}"),
    ]
    begin = None if since is None else reading.moment(since)
    groups = session.client.errors(job_type, begin, unacknowledged=unacknowledged)
    session.out.rows(groups, columns, "No errors.")

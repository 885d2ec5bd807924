"""Define the commands for single jobs and for many jobs."""

import time
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobflow.cli import reading
from jobflow.cli.command import app_of, command, if_in_scope, usage
from jobflow.cli.session import Session
from jobflow.errors import ConfigurationError, JobNotCompleted, WaitTimeout

if TYPE_CHECKING:
    from jobflow.models import Action, JobDetail, JobFilter

app = app_of("Create, find and steer jobs. A job is named by its id, the first characters of it, or @last.")


class Priority(StrEnum):
    """Say which of the jobs that wait for a limit go first, and which pass the backlog of a type with `urgent`."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


Ranked = Annotated[
    Priority | None, typer.Option("--priority", help="Which go first in the line of a limit; high passes a backlog.")
]
Id = Annotated[str, typer.Argument(metavar="JOB", help="Id, its first characters, or @last.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[JOB]...", help="Ids, their first characters, or @last.")]
Field = Annotated[
    list[str] | None,
    typer.Option("--field", "-f", help="Set a field of the payload: name=value. n=1 is a number, n='\"1\"' a text."),
]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Label it; may be repeated.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; the audit log keeps it. No personal data.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only count.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not follow many: the platform continues without it.")]
Timeout = Annotated[str, typer.Option("--timeout", help="Longest wait: 90s, 10m, 2h.")]

POLL = 0.5
MASK = "[personal]"
"""What the API shows in place of a personal field."""


@command(
    app,
    "create",
    "jobs create email.send -f to='[\"ada@example.com\"]' -f subject=Hello -f text=Hi",
    "jobs create image.process @picture.json --delay 10m --tag customer:42",
    "jobs create report.generate --example --wait",
    "jobs create doc.index -f id=17 --debounce doc-17=30s",
)
def create(
    session: Session,
    job_type: Annotated[str, typer.Argument(metavar="TYPE", help="The job type, such as email.send.")],
    payload: Annotated[
        str | None, typer.Argument(metavar="[PAYLOAD]", help="JSON, @file, or - for standard input.")
    ] = None,
    field: Field = None,
    example: Annotated[bool, typer.Option("--example", help="Begin with the type's example payload.")] = False,
    key: Annotated[str | None, typer.Option("--key", help="Idempotency-Key: the same key makes no second job.")] = None,
    delay: Annotated[str | None, typer.Option("--delay", help="Start after: 90s, 10m, 2h.")] = None,
    run_at: Annotated[str | None, typer.Option("--run-at", help="Start at: 2027-03-01T10:00, local time.")] = None,
    debounce: Annotated[str | None, typer.Option("--debounce", help="Replace what waits under it: doc-17=30s.")] = None,
    expires: Annotated[str | None, typer.Option("--expires", help="Cancel it if it has not begun: 30m, 2h.")] = None,
    on_end: Annotated[str | None, typer.Option("--on-end", help="Make a job of this type when it has ended.")] = None,
    notify: Annotated[list[str] | None, typer.Option("--notify", help="Tell this webhook when it has ended.")] = None,
    priority: Ranked = None,
    tag: Tags = None,
    max_attempts: Annotated[int | None, typer.Option("--max-attempts", min=1, help="Default: the job type's.")] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until it has ended.")] = False,
    timeout: Timeout = "10m",
) -> None:
    """Create a job and print it."""
    from jobflow.cli import views

    given = [name for name, text in (("--delay", delay), ("--run-at", run_at), ("--debounce", debounce)) if text]
    if len(given) > 1:
        raise usage(f"{' and '.join(given)} exclude each other: each says when the job runs.")
    longest = reading.seconds(timeout)
    begin = _example(session, job_type) if example else None
    job = session.client.submit(
        job_type,
        reading.payload(payload, field or [], begin),
        key=None if key is None else reading.key(key),
        delay=None if delay is None else reading.seconds(delay),
        run_at=None if run_at is None else reading.start(run_at),
        tags=tag or [],
        max_attempts=max_attempts,
        debounce=None if debounce is None else reading.debounce(debounce),
        expires=None if expires is None else reading.seconds(expires),
        on_end=on_end,
        notify=notify or [],
        priority="normal" if priority is None else priority.value,
    )
    session.remember(job.id)
    if wait:
        views.existed(session, job)
        _follow(session, job.id, longest, changes=not session.out.as_json)
    else:
        views.created(session, job)


@command(
    app,
    "list",
    "jobs list --status failed --since 1d",
    "jobs list --type email.send --all",
    "jobs list --payload to=ada --since today",
    filtered=True,
)
def list_(
    session: Session,
    which: "JobFilter",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The most jobs to print.")] = 20,
    every: Annotated[bool, typer.Option("--all", help="Print every job that matches.")] = False,
    parent: Annotated[str | None, typer.Option("--parent", help="What this job made: its id, or @last.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="The job of this Idempotency-Key; with no filter.")] = None,
) -> None:
    """List jobs, newest first."""
    from jobflow.cli import views

    if key is not None:
        if which or parent is not None:
            raise usage("--key names one job and cannot be combined with a filter.")
        which["idempotency_key"] = reading.key(key)
    if "payload" in which and parent is None and not {"created_after", "batch"} & which.keys():
        raise usage("--payload needs --since, --parent or --batch, because all of these jobs are read.")
    if parent is not None:
        which["parent"] = session.id_of(parent)
    found = session.client.iterate(page_size=100 if every else min(limit, 100), **which)
    if every:
        session.out.rows(found, views.JOB_COLUMNS, "No jobs match.")
    else:
        session.out.newest(found, limit, views.JOB_COLUMNS, "No jobs match.", "--limit or --all")


@command(app, "show", "jobs show @last", "jobs show 6a1de45f --json | jq .result")
def show(session: Session, job: Id) -> None:
    """Print a job with its attempts, its kept steps, its result, and why it waits."""
    from jobflow.cli import views

    found = session.client.get(session.id_of(job))
    # read the steps of a running job in any case: `found.steps` does not count those of the present attempt
    has_steps = bool(found.steps) or found.status == "processing"
    views.whole(session, found, if_in_scope(lambda: session.client.steps(found.id)) if has_steps else None)


@command(app, "tail", "jobs tail @last --timeout 1h")
def tail(session: Session, job: Id, timeout: Timeout = "10m") -> None:
    """Follow a job until it has ended; exit with 3 unless it has completed."""
    longest = reading.seconds(timeout)
    _follow(session, session.id_of(job), longest)


@command(
    app,
    "retry",
    "jobs retry @last",
    "jobs retry @last -f subject='Hello again'",
    "jobs retry @last --from ship",
    "jobs retry --status failed --error Timeout --since 1d",
    filtered=True,
)
def retry(
    session: Session,
    which: "JobFilter",
    job: Ids = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", "-f", help="One job: change its field name=value.")
    ] = None,
    new: Annotated[
        str | None, typer.Option("--with", help="One job: run it with this payload: JSON, @file, or -.")
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="STEP", help="One job: keep what it kept before this step, sleep or wait; start: nothing."
        ),
    ] = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    no_wait: NoWait = False,
) -> None:
    """Run failed, dead-lettered or cancelled jobs again: the given jobs, or all that match."""
    if new is not None or field or begin is not None:
        if which or len(job or []) != 1 or (dry_run and begin is None):
            raise usage("--with, --field and --from need exactly one job and cannot be combined with a filter.")
        from jobflow.cli import many, views

        job_id, payload = session.id_of((job or [""])[0]), None
        if new is not None or field:
            base = {} if new is None else reading.payload(new, [])
            base = base if new is not None else _payload_of(session.client.get(job_id))
            payload = reading.payload(None, field or [], base)
        if begin is not None:
            if dry_run or not session.out.as_json:
                views.kept_and_anew(session, session.client.preview_retry(job_id, begin))
            if dry_run:
                return
            many.confirm(f"Retry {job_id} from {begin}?", many.ASK_FROM, yes=yes)
        views.created(session, session.client.retry(job_id, payload, begin, reason=reason))
        return
    _act(session, "retry", job or [], which, dry_run=dry_run, yes=yes, reason=reason, wait=not no_wait)


@command(
    app, "cancel", "jobs cancel 6a1de45f", "jobs cancel --type email.send --status queued --dry-run", filtered=True
)
def cancel(
    session: Session,
    which: "JobFilter",
    job: Ids = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    descendants: Annotated[bool, typer.Option("--descendants", help="Also all that this one job made.")] = False,
) -> None:
    """Stop jobs: the given jobs, or all that match. A running job stops at its next check."""
    if descendants:
        if which or dry_run or len(job or []) != 1:
            raise usage("--descendants needs exactly one job and cannot be combined with a filter or --dry-run.")
        from jobflow.cli import many

        many.family(session, session.id_of((job or [""])[0]), yes=yes, reason=reason)
        return
    _act(session, "cancel", job or [], which, dry_run=dry_run, yes=yes, reason=reason, wait=not no_wait)


@command(app, "run-now", "jobs run-now @last")
def run_now(session: Session, job: Id, reason: Reason = "") -> None:
    """Run a scheduled or retrying job now instead of at its time."""
    from jobflow.cli import views

    views.created(session, session.client.run_now(session.id_of(job), reason=reason))


@command(app, "event", 'jobs event @last approved --data \'{"by": "ada"}\'')
def event(
    session: Session,
    job: Id,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name that the function waits for.")],
    data: Annotated[str | None, typer.Option("--data", help="For the function: JSON, @file, or -.")] = None,
    reason: Reason = "",
) -> None:
    """Post an event to a job. A job that waits for it continues; only the first event with a name counts."""
    from jobflow.cli import views

    given = None if data is None else reading.event_data(data)
    views.created(session, session.client.event(session.id_of(job), name, given, reason=reason))


@command(
    app,
    "discard",
    "jobs discard @last --reason 'sent by hand'",
    "jobs discard --status dead_letter --error Timeout --dry-run",
    filtered=True,
)
def discard(
    session: Session,
    which: "JobFilter",
    job: Ids = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Kept with each job, and in the audit log. No personal data.")
    ] = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    no_wait: NoWait = False,
) -> None:
    """Settle failed or dead-lettered jobs without running them: the given jobs, or all that match."""
    _act(session, "discard", job or [], which, dry_run=dry_run, yes=yes, reason=reason, wait=not no_wait)


@command(app, "delete", "jobs delete 6a1de45f --reason 'test job'")
def delete(session: Session, job: Id, reason: Reason = "", yes: Yes = False) -> None:
    """Delete a finished job with its payload, result and history. Nothing brings it back."""
    from jobflow.cli import many

    job_id = session.id_of(job)
    many.confirm(f"Delete job {job_id}? Nothing brings it back.", many.ASK_FROM, yes=yes)
    row = session.client.delete(job_id, reason=reason)
    if session.out.as_json:
        session.out.line(row)
    else:
        session.out.say(f"Job {row.id} is deleted.")


@command(app, "duplicate", "jobs duplicate @last -f subject='Hello again'")
def duplicate(session: Session, job: Id, field: Field = None) -> None:
    """Create a job with the type, payload and tags of another job; fields can be changed."""
    from jobflow.cli import views
    from jobflow.problems import InvalidPayload

    found = session.client.get(session.id_of(job))
    payload = reading.payload(None, field or [], _payload_of(found))
    # remove the tag of the schedule, because the new job is not a firing of the schedule
    tags = [tag for tag in found.tags or [] if not tag.startswith("schedule:")]
    try:
        made = session.client.submit(found.type, payload, tags=tags, max_attempts=found.max_attempts)
    except InvalidPayload:
        if session.personal != "show" and MASK in str(payload):
            session.out.note("Personal fields are hidden: --personal copies their values, if the token may see them.")
        raise
    session.remember(made.id)
    views.created(session, made)


def _act(
    session: Session,
    action: "Action",
    names: Sequence[str],
    which: "JobFilter",
    *,
    dry_run: bool,
    yes: bool,
    reason: str = "",
    wait: bool = True,
) -> None:
    from jobflow.cli import many

    if names and which:
        raise usage("Jobs are named, and options such as --status or --since select others. Give one of the two.")
    if not names and not which:
        raise usage("No job is selected: name jobs, or give options such as --status or --since.")
    ids = [session.id_of(name) for name in names] or None
    if ids and len(ids) == 1 and not dry_run:
        many.one(session, action, ids[0], reason)
        return
    many.bulk(session, action, ids, which, dry_run=dry_run, yes=yes, reason=reason, wait=wait)


def _payload_of(job: "JobDetail") -> Any:
    if job.payload is None:
        raise ConfigurationError(
            f"The API does not show the payload of {job.id}: it is too large. Give the whole payload."
        )
    return job.payload


def _example(session: Session, job_type: str) -> Any:
    return next((kind.example for kind in session.client.job_types() if kind.type == job_type), None)


def _follow(session: Session, job_id: str, timeout: float, *, changes: bool = True) -> None:
    """Print each change of a job, or only its last state, until it has ended; raise JobNotCompleted or WaitTimeout."""
    from jobflow.cli import views
    from jobflow.cli.printer import shown

    end, before = time.monotonic() + timeout, ""
    while True:
        job = session.client.get(job_id)
        late = time.monotonic() > end
        last = late or job.finished_at is not None
        if (now := views.state(job)) != before and (changes or last):
            session.out.line(job) if session.out.as_json else session.out.say(now)
            before = now
        if job.finished_at is not None:
            break
        if late:
            raise WaitTimeout(job, timeout)
        time.sleep(POLL)
    if job.status != "completed":
        raise JobNotCompleted(job)
    if not session.out.as_json and job.result is not None:
        session.out.say(shown(job.result))

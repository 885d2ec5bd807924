"""Show jobs: a row of a list, one job with its timeline, or one job that is followed until it ends."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jobflow.cli import reading
from jobflow.cli.printer import Column, shown
from jobflow.cli.session import Session
from jobflow.errors import whole_message
from jobflow.models import AttemptRow, CancelledJob, JobDetail, JobRow, RetryPreview, StepRow, Steps


def error_of(thing: JobRow | AttemptRow) -> str:
    """Return an error as "Class: message", or nothing."""
    return f"{thing.error_class}: {thing.error_message}" if thing.error_class else ""


def progress_of(thing: JobDetail | AttemptRow) -> str | None:
    """Return the progress that a job or an attempt has reported, with its note."""
    return None if thing.progress is None else f"{thing.progress.percent:g} % {thing.progress.note or ''}".strip()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a job's timeline. `took` is in seconds: of an attempt, a step, or a wait as far as it is over."""

    at: datetime
    what: str
    took: float | None
    outcome: str


def timeline(job: JobDetail, kept: Sequence[StepRow], now: datetime) -> list[Entry]:
    """Return attempts, kept steps, sleeps, waits and events in the order of their times."""
    events = {step.name: step for step in kept if step.kind == "event"}
    tried = [
        Entry(
            one.started_at, _attempt(job, one),
            None if one.duration_ms is None else one.duration_ms / 1000, f"{one.outcome} {error_of(one)}".strip(),
        )
        for one in job.attempt_history
    ]  # fmt: skip
    until = min(now, job.finished_at or now)
    lasts = job.finished_at is None
    return sorted([*tried, *(_entry(step, events, until, lasts=lasts) for step in kept)], key=lambda entry: entry.at)


def _entry(step: StepRow, events: dict[str, StepRow], now: datetime, *, lasts: bool) -> Entry:
    """Return a kept step as an entry. `now`: the present time, or the end of a job that no longer `lasts`."""
    if step.kind == "stop":
        return Entry(step.kept_at, "stop", None, _stopped(step))
    what = f"{step.kind} {step.name}"
    if step.kind == "event":
        value = "" if step.value is None else shortened(shown(step.value))
        told = f"{value} (by {step.by})".strip() if step.by else value
        return Entry(step.kept_at, what, None, "timed out" if step.timed_out else told)
    if step.until is None or step.kind == "try":
        value = "" if step.value is None else shortened(shown(step.value))
        again = "" if step.until is None else f"; again at {shown(step.until)}"
        return Entry(step.kept_at, what, step.took_s, f"{value}{again}")
    event = events.get(step.name) if step.kind == "wait" else None
    end = step.until if event is None else event.kept_at
    over = event is not None or end <= now
    waited = max(0.0, (min(end, now) - step.kept_at).total_seconds())
    if not over and not lasts:
        return Entry(step.kept_at, what, waited, "the job ended before it was over")
    if not over:
        return Entry(step.kept_at, what, waited, f"so far; until {shown(step.until)} at the latest")
    return Entry(step.kept_at, what, waited, "" if event is None else "timed out" if event.timed_out else "it came")


def _stopped(step: StepRow) -> str:
    """Return what a row says about a job that was asked to stop: where its function learned it, or that it ended."""
    if not isinstance(step.value, dict):
        return "the function ended" + (", after it had undone something" if step.value else "")
    place = str(step.value.get("at") or step.value.get("after") or "").replace(":", " ")
    word = "at" if "at" in step.value else "after"
    return f"the function learned it {word} {place}" if place else "the function learned it before its first step"


JOB_COLUMNS: list[Column] = [
    ("ID", lambda job: job.id[:8]),
    ("TYPE", lambda job: job.type),
    ("STATUS", lambda job: job.status),
    ("ATTEMPT", lambda job: f"{job.attempts}/{job.max_attempts}"),
    ("CREATED", lambda job: reading.ago(job.created_at)),
    ("TAGS", lambda job: " ".join([*([f"tenant={job.tenant}"] if job.tenant else []), *(job.tags or [])])),
    ("ERROR", lambda job: shortened(error_of(job))),
]
ATTEMPT_COLUMNS: list[Column] = [
    ("RUN", lambda one: one.gen),
    ("ATTEMPT", lambda one: one.attempt),
    ("OUTCOME", lambda one: one.outcome),
    ("STARTED", lambda one: one.started_at),
    ("TOOK", lambda one: None if one.duration_ms is None else reading.lasting(one.duration_ms / 1000)),
    ("PROGRESS", progress_of),
    ("ERROR", error_of),
]
TIMELINE_COLUMNS: list[Column] = [
    ("AT", lambda one: one.at),
    ("WHAT", lambda one: one.what),
    ("TOOK", lambda one: None if one.took is None else reading.lasting(one.took)),
    ("OUTCOME", lambda one: one.outcome),
]
EXISTED = {
    "key": "Not created: the job of this idempotency key was there.",
    "unique": "Not created: this unique job was there.",
    "debounced": "Not created: this job waited under the debounce key; it has the new payload and time now.",
}
"""Sentences about an existing job, by the value of the field `existing`."""
LONGEST_IN_LIST = 300
NANO = 1e9
"""Nano-dollars of a dollar."""


def shortened(text: str) -> str:
    """Return a text on one line for a row of a list; cut a long text in its middle, because errors end with advice."""
    line, half = " ".join(text.split()), LONGEST_IN_LIST // 2
    return line if len(line) <= LONGEST_IN_LIST else f"{line[: half - 1]} … {line[-half + 2 :]}"


def created(session: Session, job: JobRow | CancelledJob) -> None:
    """Print a job's new state after a change."""
    if session.out.as_json:
        session.out.line(job)
    else:
        session.out.say(f"{job.id}  {job.type}  {job.status}")
        existed(session, job)


def kept_and_anew(session: Session, plan: RetryPreview) -> None:
    """Print what a retry would keep and what it would run anew."""
    if session.out.as_json:
        session.out.line(plan)
        return
    kept = [step.name for step in plan.kept if step.kind in ("step", "sleep", "wait", "call")]
    session.out.say(f"kept:           {', '.join(kept) or 'nothing'}{', and earlier ones' if plan.older else ''}")
    session.out.say(f"will run anew:  {', '.join(plan.anew) or 'nothing that was kept'}, and what follows")
    if plan.events:
        session.out.say(f"to be posted again: the events {', '.join(plan.events)}")


def existed(session: Session, job: JobRow | CancelledJob) -> None:
    """Print that the requested job already existed, and why the request got it."""
    if (why := getattr(job, "existing", None)) is not None:
        session.out.note(EXISTED[why])


def whole(session: Session, job: JobDetail, kept: Steps | None = None) -> None:
    """Print a job with its attempts, and with its kept steps in one timeline with these."""
    session.out.facts(job, facts(job))
    if session.out.as_json:
        return
    steps = [] if kept is None else kept.steps
    if steps:
        session.out.rows(timeline(job, steps, datetime.now(UTC)), TIMELINE_COLUMNS, "")
        if kept is not None and kept.older:
            session.out.say(f"Older steps are not shown: these are the newest {len(steps)}.")
    if job.attempt_history:
        told = any(one.progress for one in job.attempt_history)
        left_out = {"PROGRESS": not told, "RUN": job.gen == 1}
        columns = [column for column in ATTEMPT_COLUMNS if not left_out.get(column[0])]
        if not steps:
            session.out.rows(job.attempt_history, columns, "")
        if job.older_attempts:
            session.out.say(f"Older attempts are not shown: these are the newest {len(job.attempt_history)}.")
        # Attempts with the same error have the same stack trace: print each once, with the newest of its attempts.
        stacks = {one.stack: one for one in sorted(job.attempt_history, key=lambda one: one.started_at) if one.stack}
        for stack, one in stacks.items():
            session.out.say(f"\nStack of {_attempt(job, one)}:\n{stack.rstrip()}")


def _attempt(job: JobDetail, one: AttemptRow) -> str:
    """Return the name of an attempt; each run has its own numbers."""
    return f"attempt {one.attempt}" + (f" of run {one.gen}" if job.gen > 1 else "")


def facts(job: JobDetail) -> Iterator[tuple[str, Any]]:
    """Return a job's facts for people, in their order."""
    yield "id", job.id
    yield "type", job.type
    yield "status", job.status
    yield "why", job.why
    yield "attempts", f"{job.attempts} of {job.max_attempts}" + (f", run {job.gen}" if job.gen > 1 else "")
    yield "progress", progress_of(job)
    yield "created", job.created_at
    yield "started", job.started_at
    yield "finished", job.finished_at
    yield "next attempt", job.next_attempt_at
    yield "expires", job.expires_at
    yield "gives up at", job.give_up_at
    yield "cancel", "requested" if job.cancel_requested and job.finished_at is None else None
    yield "tenant", job.tenant
    yield "tags", " ".join(job.tags or []) or None
    yield "key", job.idempotency_key
    yield "made by", job.parent
    yield "schedule", job.schedule and f"{job.schedule}, for {shown(job.fires_at)}"
    yield "batch", job.batch and f"{job.batch}, round {job.round}"
    yield "trace", job.trace_url or job.trace_id
    yield "tells its end to", job.on_end
    yield "notifies", ", ".join(job.notify or []) or None
    yield "priority", None if job.priority == "normal" else job.priority
    yield "error", f"{job.error_class}: {whole_message(job)}" if job.error_class else None
    yield "discarded", _discarded(job)
    yield "has cost", None if job.cost_nano_usd is None else dollars(job.cost_nano_usd / NANO)
    yield "payload", _no_payload(job) if job.payload is None else job.payload
    yield "result", job.result


def _no_payload(job: JobDetail) -> str:
    if job.payload_removed_at is not None:
        return f"removed at {shown(job.payload_removed_at)}, as the type says; the job cannot be retried"
    return f"{job.payload_bytes:,} bytes, not shown"


def dollars(amount: float) -> str:
    """Return an amount in dollars: in cents, or with six digits if it is below one dollar and no number of cents."""
    return f"${amount:,.2f}" if amount >= 1 or amount == round(amount, 2) else f"${amount:.6f}"


def _discarded(job: JobDetail) -> str | None:
    if job.discarded is None:
        return None
    why = f": {job.discarded.reason}" if job.discarded.reason else ""
    return f"{shown(job.discarded.at)} by {job.discarded.by}{why}"


def state(job: JobDetail) -> str:
    """Return a job's state as one line, for a display that prints a line only if it has changed."""
    parts = [job.id[:8], job.type, job.status, f"attempt {job.attempts} of {job.max_attempts}"]
    if job.progress:
        parts.append(progress_of(job) or "")
    if job.finished_at is None and job.why:
        parts.append(job.why)
    return "  ".join(parts)

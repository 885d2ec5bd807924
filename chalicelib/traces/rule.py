"""Decide which spans follow from a change of a job. Pure.

A span never contains a payload, a result, a tag, a tenant, a correlation id, or the message of an error: only ids,
names of the code (types, steps, classes of errors), states, numbers and times.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from chalicelib.jobs import trace
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import LOST, RETRYABLE, SKIPPED, WAITING, Job, Status
from chalicelib.jobs.step import CALL, STEP, Step
from chalicelib.traces.constants import LONGEST_ERROR_CLASS, MOST_STEPS

Steps = Callable[[Job], Sequence[Step]]
"""Return the kept steps of a job. Raises the errors of a store."""


class Kind(IntEnum):
    """The kind of a span, as OTLP numbers it."""

    INTERNAL = 1
    PRODUCER = 4
    CONSUMER = 5


@dataclass(frozen=True, slots=True)
class Span:
    """A span. Times in seconds since the epoch.

    `error` is the class of the error; empty: there was none. `links` are spans: the ids of their trace and
    their own.
    """

    trace_id: str
    span_id: bytes
    parent: bytes | None
    name: str
    kind: Kind
    begun_at: float
    ended_at: float
    attributes: dict[str, str | int] = field(default_factory=dict)
    error: str = ""
    links: tuple[tuple[str, bytes], ...] = ()


def spans_of(change: JobChanged, steps: Steps) -> list[Span]:
    """Return the spans that ended with this change. The same change always gives the same spans."""
    before, after = change.before, change.after
    if after is None or (context := trace.context_of(after)) is None or not trace.is_sampled(context):
        return []
    if before is None:
        # a row that appears in another state, as from a restore, was not created now
        new = after.status in WAITING and after.gen == 1 and after.restored_at is None
        return [_creation(after, context)] if new else []
    if after.gen != before.gen:
        return [_creation(after, context, before)]
    found: list[Span] = []
    if before.status is Status.PROCESSING and (after.status is not Status.PROCESSING or after.claims > before.claims):
        found += _attempt(before, after, context, steps)
    if before.status in WAITING and (after.status not in WAITING or _has_its_place(before, after)):
        found.append(_wait(before, after, context))
    return found


def _has_its_place(before: Job, after: Job) -> bool:
    """Return whether a wait for a place of a limit is over; the wait for a worker follows."""
    return before.status is Status.BLOCKED and after.status is not Status.BLOCKED


def _creation(job: Job, context: bytes, before: Job | None = None) -> Span:
    """Return the span of the request that created the job, or that began its present run after the run `before`.

    The caller's request ends before the stream delivers the change, so only its moment is known.
    """
    first = job.gen == 1
    at = job.created_at if first else job.updated_at
    return Span(
        trace.trace_id(context), trace.creation_span(job), trace.parent_span(context),
        f"{'create' if first else 'retry'} {job.type}", Kind.PRODUCER, at, at, _attributes(job),
        links=() if before is None else _to(before),
    )  # fmt: skip


def _to(before: Job) -> tuple[tuple[str, bytes], ...]:
    """Return a link to the run before, which may be in another trace, or in none that is recorded."""
    context = trace.context_of(before)
    if context is None or not trace.is_sampled(context):
        return ()
    return ((trace.trace_id(context), trace.creation_span(before)),)


def _wait(before: Job, after: Job, context: bytes) -> Span:
    """Return the span of a wait, from when the job was due: the time until then was wanted."""
    ended = (after.started_at if after.status is Status.PROCESSING else None) or after.updated_at
    due = max(before.next_attempt_at or 0.0, before.updated_at)
    ended = max(ended, before.updated_at)
    return Span(
        trace.trace_id(context), trace.derived_span(after, f"wait {before.status} {before.claims}"),
        trace.creation_span(after),
        f"wait {after.type}", Kind.INTERNAL, min(due, ended), ended,
        {**_attributes(after), "jobflow.job.waited_as": str(before.status)},
        # a job that was cancelled keeps the error of an earlier attempt
        error=_error(after) if after.status in RETRYABLE and not after.cancel_requested else "",
    )  # fmt: skip


def _attempt(before: Job, after: Job, context: bytes, steps: Steps) -> list[Span]:
    """Return the spans of an attempt that has ended, and of the steps that it kept; none if its function did not run.

    It has not run if the job was claimed and had to wait for a place of a limit, for its turn, or for something else
    outside of the function.
    """
    stalled = after.status is Status.RETRYING and after.stalled_since is not None
    skipped = after.status is Status.CANCELLED and after.error_class == SKIPPED
    if after.status in (Status.BLOCKED, Status.SCHEDULED) or before.started_at is None or stalled or skipped:
        return []
    lost = after.status is Status.PROCESSING
    ended = (after.started_at if lost else after.finished_at or after.updated_at) or after.updated_at
    if before.lease_until is not None and after.status in (Status.PROCESSING, Status.DEAD_LETTER, Status.CANCELLED):
        # nobody settled an attempt that another process ends after its lease
        ended = min(ended, before.lease_until)
    begun = before.started_at
    span = Span(
        trace.trace_id(context), trace.attempt_span(before), trace.creation_span(before), f"process {before.type}",
        Kind.CONSUMER, begun, max(begun, ended),
        {**_attributes(before), "jobflow.job.status": str(after.status), "jobflow.job.attempt": before.attempts},
        error=LOST if lost else _error(after),
    )  # fmt: skip
    kept = [] if after.kept <= before.kept else [
        one for one in steps(after) if one.key.startswith((STEP, CALL)) and begun < one.at <= span.ended_at
    ]  # fmt: skip
    return [span, *(_step(one, before, span) for one in kept[-MOST_STEPS:])]


def _step(step: Step, job: Job, attempt: Span) -> Span:
    begun = max(attempt.begun_at, step.at - (step.took or 0.0))
    return Span(
        attempt.trace_id, trace.derived_span(job, f"{job.claims} {step.key}"), attempt.span_id,
        f"{step.kind} {step.name}", Kind.INTERNAL, begun, step.at, {"jobflow.step.name": step.name},
    )  # fmt: skip


def _attributes(job: Job) -> dict[str, str | int]:
    found: dict[str, str | int] = {
        "messaging.system": "jobflow", "messaging.destination.name": job.type, "messaging.message.id": job.id,
        "jobflow.job.run": job.gen, "jobflow.job.status": str(job.status),
    }  # fmt: skip
    made_by = {"jobflow.job.parent": job.parent, "jobflow.batch.id": job.batch, "jobflow.schedule.id": job.schedule}
    return found | {name: value for name, value in made_by.items() if value is not None}


def _error(job: Job) -> str:
    """Return the class of the job's error; nothing after a success, a wait, or a stop that was asked for."""
    if job.status in (Status.COMPLETED, Status.SUSPENDED) or (job.status is Status.RETRYING and job.deferred):
        return ""
    return (job.error_class or "")[:LONGEST_ERROR_CLASS]

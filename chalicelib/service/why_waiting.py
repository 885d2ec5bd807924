"""Explain in one sentence of facts why a job waits. Pure."""

from dataclasses import dataclass

from chalicelib.counters import backlog
from chalicelib.jobs.job import WAITING, Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.ports import Standing
from chalicelib.jobs.tenants import tenant_of
from chalicelib.jobs.turns import has_turn

SLOW_SEND = 10.0
"""Seconds after which an unsent message is worth a word: a batch is sent a moment after it is stored."""


@dataclass(frozen=True, slots=True)
class Line:
    """A waiting job's queue: jobs ahead of it at most, since when the oldest waits, since when it is paused.

    Times in seconds since the epoch. `rate` is in words: 14 a second.
    """

    ahead: int = 0
    oldest: float | None = None
    paused: float | None = None
    rate: str | None = None

    @classmethod
    def of(cls, job: Job, standing: Standing, now: float, rate: str | None = None) -> "Line":
        """The line that the job is in, as last counted."""
        marks, pause = standing.waiting.get(job.type, {}), standing.paused.get(job.type)
        return cls(
            backlog.ahead(marks, job.updated_at, now),
            backlog.oldest(marks, now),
            None if pause is None else pause.since,
            rate,
        )


def asks(job: Job) -> bool:
    """Return whether the sentence needs the state of the queue: for a job that waits."""
    return job.status in WAITING


def why(job: Job, line: Line, now: float) -> str | None:
    """The sentence, at `now` (epoch seconds); None when something happens with the job, or nothing will."""
    if job.status is Status.PROCESSING:
        return "Cancellation requested; it stops at its next cancellation check." if job.cancel_requested else None
    if job.status not in WAITING:
        return None
    sentence = _sentence(job, line, now)
    if line.paused is None or job.status is Status.QUEUED:
        return f"{sentence}."
    return f"{sentence}; the {job.type} queue is paused since {iso(line.paused)}, so it does not start until resumed."


def _sentence(job: Job, line: Line, now: float) -> str:
    due = job.next_attempt_at
    if due is not None and has_turn(job):
        paced = f": {line.rate}" if line.rate else ""
        return (
            f"It waits for its turn{paced}; it starts at about {iso(due)}"
            if due > now
            else f"It waits for its turn{paced}"
        )
    if job.status is Status.SCHEDULED and due is not None:
        late = "; that has passed, and it waits for a worker" if due <= now else ""
        return f"It is scheduled for {iso(due)}{late}"
    if job.status is Status.RETRYING and due is not None:
        attempt = f"attempt {job.attempts + 1} of {job.max_attempts}"
        backs_off = f"backs off until {iso(due)}, then {attempt} begins"
        return f"Attempt {job.attempts} failed and it " + (
            backs_off if due > now else f"waits for a worker: {attempt} is due since {iso(due)}"
        )
    return _queued(job, line, now)


def _queued(job: Job, line: Line, now: float) -> str:
    if line.paused is not None:
        return f"The {job.type} queue is paused since {iso(line.paused)}; it waits until it is resumed"
    if not job.sent:
        late = now - job.updated_at > SLOW_SEND
        return "Not queued yet; it will be re-sent within 2 minutes" if late else "Being queued"
    if line.ahead == 0:
        return f"Next in the {job.type} queue; waiting for a worker"
    jobs = "1 job" if line.ahead == 1 else f"{line.ahead:,} jobs"
    age = "" if line.oldest is None else f"; the oldest has waited {_span(now - line.oldest)}"
    paced = f"; at most {line.rate} start" if line.rate else ""
    turns = "; tenants take turns" if tenant_of(job.tags) else ""
    return f"Up to {jobs} ahead in the {job.type} queue{age}{paced}{turns}"


def _span(seconds: float) -> str:
    whole = max(0, round(seconds))
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if whole >= 2 * size:
            return f"{whole // size} {unit}s"
    return "1 second" if whole == 1 else f"{whole} seconds"

"""Decide what the watchdog does with one unfinished job. Pure."""

import math
from dataclasses import dataclass, replace

from chalicelib.jobs.constants import GIVE_UP_STALLED, LOOK_AHEAD, OVERSLEPT, SEND_GRACE
from chalicelib.jobs.job import CLAIMED, WAITING, Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import Depth
from chalicelib.jobs.transitions import undeclared_since
from chalicelib.watchdog.constants import (
    DOUBT_SLACK,
    MOVE_REACH,
    OLD_HELD_MESSAGE,
    OLD_MESSAGE,
    OLD_PATIENCE,
    PATIENCE,
    RETIRE_AFTER,
    UNSENT_PATIENCE,
)

REMOVED = "Its job type was removed by a deploy."


@dataclass(frozen=True, slots=True)
class Signs:
    """The known facts of a job type's queue.

    `claimed_to`: the messages of the jobs that workers claim now were sent at this time (epoch seconds; None: unknown).
    `counted`: the counters could be read. `declared`: the code still contains the type. `serial`: jobs with the same
    key run one at a time, so the order of starts shows nothing about lost messages, and the queue cannot delay a
    message. `moved_at`: messages that were sent before this time went to another queue (None: to this one).
    """

    depth: Depth | None = None
    claimed_to: float | None = None
    paused: bool = False
    counted: bool = True
    declared: bool = True
    serial: bool = False
    moved_at: float | None = None

    @property
    def empty(self) -> bool:
        """Return True if the queue is known to contain no message of any kind."""
        return self.depth is not None and not (self.depth.visible or self.depth.delayed or self.depth.in_flight)

    def tried_to(self, now: float) -> float:
        """Return the time up to which sent messages have been received (epoch seconds), as far as is known.

        A message that was sent again is received after all earlier messages. In a long backlog, it may be received more
        than a day later.
        """
        return now if self.empty else min(now, self.claimed_to or now)

    def horizon(self, now: float) -> float | None:
        """Return the latest due time of jobs that may be in doubt; None while the queue is paused.

        Jobs that were due after this time wait normally, so they are not read.
        """
        if not self.declared:
            return now
        if self.paused:
            return None
        if self.empty or not self.counted:
            return now
        moved = 0.0 if self.moved_at is None else min(now, self.moved_at + MOVE_REACH)
        return max(now - OLD_MESSAGE, self.claimed_to or 0.0, moved)


@dataclass(frozen=True, slots=True)
class Leave:
    """Do nothing: the index was stale, or another watchdog was faster."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Check again at `until`, in seconds since the epoch."""

    until: float


@dataclass(frozen=True, slots=True)
class Resend:
    """Send the job's message again, visible in `delay` seconds, and check again at `until` (seconds since the epoch).

    `stalled`: the message was lost, could not be sent before, or wakes a suspended job too late. Otherwise the send is
    the planned one, or a precaution for an old job.
    """

    delay: int
    until: float
    stalled: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Give up the job, with this error (its class and message)."""

    error: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Undeclared:
    """The job's type is not declared: check again at `until` (seconds since the epoch)."""

    until: float


@dataclass(frozen=True, slots=True)
class Retire:
    """Cancel the job: its type was removed long enough ago."""


@dataclass(frozen=True, slots=True)
class Expire:
    """Cancel the job: it has not begun in time."""


@dataclass(frozen=True, slots=True)
class LineUp:
    """Put the job into the line of its limit, because it has waited for long, and check it again much later."""


Verdict = Leave | Wait | Resend | GiveUp | Undeclared | Retire | Expire | LineUp


def check(job: Job, now: float, signs: Signs) -> Verdict:
    """Return what to do about an unfinished job at `now` (epoch seconds)."""
    if job.terminal or job.due_at > now:
        return Leave()
    if job.expired(now):
        return Expire()
    verdict = _check(job, now, signs)
    if isinstance(verdict, Wait | Resend) and job.status in WAITING and job.start_by is not None:
        return replace(verdict, until=min(verdict.until, job.start_by))
    return verdict


def _check(job: Job, now: float, signs: Signs) -> Verdict:
    if not signs.declared:
        return _undeclared(job, now)
    if job.status is Status.BLOCKED:
        return LineUp()
    return _of_sent(job, now, signs) if job.sent else _first_send(job, now, 0.0 if signs.serial else LOOK_AHEAD)


def _of_sent(job: Job, now: float, signs: Signs) -> Wait | Resend | GiveUp:
    since = expected(job)
    if now < since + SEND_GRACE:
        return Wait(since + SEND_GRACE)
    if not signs.paused and _left_behind(job, signs):
        return Resend(0, now + PATIENCE.latest(job.resends + 1))
    if not in_doubt(job, now, signs):
        return Wait(now + min(max(now - since, PATIENCE.first), PATIENCE.longest))
    if not lost(job, signs):
        # The job is old, but nothing else shows that its message is lost. Most likely the message still waits, so it is
        # rarely sent again.
        return Resend(0, now + OLD_PATIENCE.latest(job.resends + 1))
    if _given_up(job, signs.tried_to(now)):
        return GiveUp(("Undeliverable", f"{_stalled(job)}, although its message was sent again {job.resends} times."))
    return Resend(0, now + PATIENCE.latest(job.resends + 1), stalled=True)


def in_doubt(job: Job, now: float, signs: Signs) -> bool:
    """Return True if a sent job may have lost its message: by the signs of its queue, or by its age."""
    held = job.status in CLAIMED
    return not signs.paused and (lost(job, signs) or now - expected(job) > (OLD_HELD_MESSAGE if held else OLD_MESSAGE))


def lost(job: Job, signs: Signs) -> bool:
    """Return True if the last message of a sent job would have been received by now, if it existed."""
    last = max(expected(job), job.resent_at or 0.0)
    return signs.empty or (signs.claimed_to is not None and last < signs.claimed_to - DOUBT_SLACK)


def _left_behind(job: Job, signs: Signs) -> bool:
    """Return True if the message of a sent job went to the former queue of its type."""
    begun = job.started_at if job.status in (Status.PROCESSING, Status.RETRYING) else None
    sent_at = max(job.updated_at if begun is None else begun, job.resent_at or 0.0)
    return signs.moved_at is not None and sent_at < signs.moved_at


def _first_send(job: Job, now: float, ahead: float) -> Wait | Resend | GiveUp:
    early = (job.next_attempt_at or now) - now
    if early > ahead:
        return Wait(now + early - ahead)
    if job.resends and _given_up(job, now):
        return GiveUp(("Undeliverable", f"{_stalled(job)}: {job.resends} tries to send its message failed."))
    backoff = UNSENT_PATIENCE.latest(job.resends + 1)
    overslept = job.status is Status.SUSPENDED and -early > OVERSLEPT
    return Resend(max(0, math.ceil(early)), now + max(early, 0) + backoff, stalled=job.resends > 0 or overslept)


def _undeclared(job: Job, now: float) -> Wait | Undeclared | Retire:
    if job.status is Status.PROCESSING and now <= (job.lease_until or 0.0) + SEND_GRACE:
        return Wait((job.lease_until or now) + 2 * SEND_GRACE)
    since = undeclared_since(job)
    if since is not None and now >= since + RETIRE_AFTER:
        return Retire()
    return Undeclared(now + RETIRE_AFTER)


def _given_up(job: Job, now: float) -> bool:
    return job.stalled_since is not None and now - job.stalled_since > GIVE_UP_STALLED


def _stalled(job: Job) -> str:
    return f"Not started since {iso(job.stalled_since or 0.0)}"


def expected(job: Job) -> float:
    """Return the latest time at which the job's message should have been visible (seconds since the epoch)."""
    if job.status is Status.PROCESSING:
        return job.lease_until or job.updated_at
    return job.next_attempt_at or job.updated_at

"""Decide what to do with a message whose job is not claimed. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.jobs.constants import FIRST_MALFORMED, LONGEST_HOLD, LONGEST_MALFORMED, MOST_CLAIMS, UNKNOWN_HOLDS
from chalicelib.jobs.job import SETTLED, WAITING, Job, Status
from chalicelib.jobs.port import Message


@dataclass(frozen=True, slots=True)
class Drop:
    """Acknowledge the message: no job needs it any more. `duplicate`: another message has started the job's run."""

    why: str
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Report the message as failed, visible again in `seconds` (None: when its visibility timeout ends).

    The message is not acknowledged. `duplicate`: the run that the message should start is active. `over`: its job has
    ended, so the message starts nothing.
    """

    seconds: int | None
    why: str
    duplicate: bool = False
    over: bool = False


TO_DEAD_LETTERS = Hold(0, "awaiting redrive", over=True)
"""Hold for a message that SQS must move to the dead-letter queue, which happens at one of the next receives."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Take over the job: its last worker's lease ended before the attempt was settled, and attempts are left."""

    lost: Job


@dataclass(frozen=True, slots=True)
class GiveUpLost:
    """Give up the job: its last worker's lease ended before the attempt was settled, and no attempts are left.

    `unless_kept`: the job ends only because its attempts are used up, so it continues if the lost attempts have kept
    steps.
    """

    lost: Job
    unless_kept: bool = False


@dataclass(frozen=True, slots=True)
class Expire:
    """Expire the job: it has not begun in time, so it ends without an attempt."""

    late: Job


Disposition = Drop | Hold | TakeOver | GiveUpLost | Expire


def after_refusal(
    message: Message, current: Job, now: float, spread: Callable[[float, float], float], *, probe: bool = False
) -> Disposition:
    """Return what to do with a message whose claim was refused; `current` is the job at `now` (epoch seconds).

    `probe`: the message is in no queue.
    """
    end = _needs_no_run(message, current)
    if end is not None:
        return end
    if probe and not current.sent:
        # The job has no message that could go to the dead-letter queue; the watchdog sends one before the next probe.
        return Drop("its message is not sent")
    return _waiting(current, now) if current.status in WAITING else _held(current, now, spread)


def of_moved(message: Message, current: Job, now: float) -> Drop | Hold | None:
    """Return what to do with a message on a former queue of its type; None: the job needs a message on the new one."""
    end = _needs_no_run(message, current)
    if end is not None:
        return end
    if not current.sent:
        return Drop("another message is on its way")
    left = (current.lease_until or now) - now
    if current.status is Status.PROCESSING and left >= 0:
        return Hold(math.ceil(left) + 1, "held under a live lease")
    return None


def unknown(receives: int, *, young: bool) -> Drop | Hold:
    """Return what to do with a message without a stored job: the job may be stored soon, or its sender may have died.

    `young`: the message was sent up to UNKNOWN_SECONDS ago. If the sender could not store the job during an outage, the
    message is dropped at its first receive after the outage.
    """
    if not young or receives > len(UNKNOWN_HOLDS):
        return Drop("job not found")
    return Hold(UNKNOWN_HOLDS[receives - 1], "not stored yet")


def _needs_no_run(message: Message, current: Job) -> Drop | Hold | None:
    """Return what to do with a message whose run has ended, or is not stored yet; None: the run has not ended."""
    if message.gen != current.gen:
        return Drop("older generation") if message.gen < current.gen else Hold(5, "newer generation than stored")
    if current.status in SETTLED:
        return Drop(f"job is {current.status}", duplicate=current.status is not Status.CANCELLED)
    return TO_DEAD_LETTERS if current.status is Status.DEAD_LETTER else None


def _waiting(current: Job, now: float) -> Disposition:
    if current.expired(now):
        return Expire(current)
    if _spent(current):
        return GiveUpLost(current)
    if current.status is Status.BLOCKED:
        return Drop("it waits for a place")  # who gives it a place sends another message
    early = (current.next_attempt_at or now) - now
    if early > 0 and not current.sent:
        # The job is recorded as unsent, so the watchdog sends another message ahead of the job's time, and this message
        # is redundant.
        return Drop("parked")
    return Hold(max(1, math.ceil(early)), "not due yet" if early > 0 else "lost a race")


def _held(current: Job, now: float, spread: Callable[[float, float], float]) -> Disposition:
    left = (current.lease_until or now) - now
    if left >= 0:
        # Do not acknowledge the message: two receipt handles may belong to one message, so an acknowledgement could
        # delete the job's only message.
        return Hold(math.ceil(left + spread(1, 3)), "held under a live lease", duplicate=True)
    late = current.give_up_at is not None and now >= current.give_up_at
    if late or _spent(current):
        return GiveUpLost(current, unless_kept=not late and current.claims < MOST_CLAIMS)
    return TakeOver(current)


def _spent(current: Job) -> bool:
    return current.attempts >= current.max_attempts or current.claims >= MOST_CLAIMS


def unavailable(receive_count: int, spread: Callable[[float, float], float]) -> Hold:
    """Hold a message that could not be handled, because a request to AWS failed.

    The message waits for up to 5 s at its first receive, and up to three times as long at each further one, at most for
    15 minutes.
    """
    longest = min(LONGEST_HOLD, 5 * 3 ** min(receive_count - 1, 10))
    return Hold(math.ceil(spread(longest / 2, longest)), "aws error")


def newer(receive_count: int, spread: Callable[[float, float], float]) -> Hold:
    """Hold the message of a job whose row only a newer version can read: this version neither runs nor changes it."""
    return replace(unavailable(receive_count, spread), why="written by a newer version")


def malformed(receive_count: int) -> Hold:
    """Hold a message with an unreadable body.

    The wait grows with each receive, so that a bad deploy does not move a whole queue to the dead-letter queue within
    seconds.
    """
    return Hold(min(LONGEST_MALFORMED, FIRST_MALFORMED * 2 ** (min(receive_count, 20) - 1)), "malformed message")

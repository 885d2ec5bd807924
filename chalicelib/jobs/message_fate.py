"""Decide what becomes of a message whose job could not be claimed. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.jobs.job import SETTLED, WAITING, Job, Status
from chalicelib.jobs.limits import MOST_CLAIMS
from chalicelib.jobs.port import Message

MALFORMED_CAP = 300
LONGEST_HOLD = 900
"""Seconds: a message that waits longer is parked or goes to the dead-letter queue, from where it is sent again."""
UNKNOWN_HOLDS = (1, 5, 30, 30)
"""Seconds for which a message is held, by its receives, whose job is not there: it was sent before the job is stored,
and the SDK's three tries to store it take 18 s at the most. Then nobody is left who would store it."""
UNKNOWN_SECONDS = 60.0
"""Age of such a message from which on nobody stores its job any more, however often it was received."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Acknowledge: nothing this message asks for is left to do. `duplicate`: another one of its run has done it."""

    why: str
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Report as failed, visible again in `seconds` (None: when its visibility timeout runs out). Never acknowledged.

    `duplicate`: the run it asks for is under way. `over`: its job has ended, and nothing waits for it.
    """

    seconds: int | None
    why: str
    duplicate: bool = False
    over: bool = False


TO_DEAD_LETTERS = Hold(0, "awaiting redrive", over=True)
"""SQS moves the message to the dead-letter queue, at a receive soon."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """The holder's lease ran out without being settled, and attempts are left."""

    lost: Job


@dataclass(frozen=True, slots=True)
class GiveUpLost:
    """The holder's lease ran out in its last attempt."""

    lost: Job


Disposition = Drop | Hold | TakeOver | GiveUpLost


def after_refusal(message: Message, current: Job, now: float, spread: Callable[[float, float], float]) -> Disposition:
    """Return what to do with a message when its claim was refused and the job is `current` at `now` (epoch seconds)."""
    if message.gen != current.gen:
        return Drop("older generation") if message.gen < current.gen else Hold(5, "newer generation than stored")
    if current.status in SETTLED:
        return Drop(f"job is {current.status}", duplicate=current.status is not Status.CANCELLED)
    if current.status is Status.DEAD_LETTER:
        return TO_DEAD_LETTERS
    return _waiting(current, now) if current.status in WAITING else _held(current, now, spread)


def unknown(receives: int, *, young: bool) -> Drop | Hold:
    """Return what to do with a message whose job is not there: it may be about to be stored, or its sender died.

    `young`: the message was sent up to UNKNOWN_SECONDS ago. What a sender could not store during an outage is dropped
    at its first receive after it.
    """
    if not young or receives > len(UNKNOWN_HOLDS):
        return Drop("job not found")
    return Hold(UNKNOWN_HOLDS[receives - 1], "not stored yet")


def _waiting(current: Job, now: float) -> Disposition:
    if _spent(current):
        return GiveUpLost(current)
    early = (current.next_attempt_at or now) - now
    if early > 0 and not current.sent:
        # The job is on record as without a message, so the watchdog sends one ahead of its time: this one is extra.
        return Drop("parked")
    return Hold(max(1, math.ceil(early)), "not due yet" if early > 0 else "lost a race")


def _held(current: Job, now: float, spread: Callable[[float, float], float]) -> Disposition:
    left = (current.lease_until or now) - now
    if left >= 0:
        # Two receipts may be the same message: acknowledging this one could delete the only one there is.
        return Hold(math.ceil(left + spread(1, 3)), "held under a live lease", duplicate=True)
    late = current.give_up_at is not None and now >= current.give_up_at
    return GiveUpLost(current) if late or _spent(current) else TakeOver(current)


def _spent(current: Job) -> bool:
    return current.attempts >= current.max_attempts or current.claims >= MOST_CLAIMS


def unavailable(receive_count: int, spread: Callable[[float, float], float]) -> Hold:
    """Hold a message that AWS kept from being handled: 5 s, then three times as long each time, up to 15 minutes."""
    longest = min(LONGEST_HOLD, 5 * 3 ** min(receive_count - 1, 10))
    return Hold(math.ceil(spread(longest / 2, longest)), "aws error")


def malformed(receive_count: int) -> Hold:
    """Back off from a body that does not parse: a bad deploy must not drain a queue into its DLQ within seconds."""
    return Hold(min(MALFORMED_CAP, 2 ** min(receive_count, 20)), "malformed message")

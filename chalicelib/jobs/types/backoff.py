"""Decide what follows a failed attempt: another one, and when, or the end. Pure: chance is an argument."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from chalicelib.errors import PermanentError, RetryLater
from chalicelib.jobs.limits import DAY, MAX_ATTEMPTS_CAP, SQS_LONGEST_DELAY

Chance = Callable[[float, float], float]
LONGEST_WAIT = int(7 * DAY)
"""Seconds of one wait at most, from a curve or from RetryLater."""


class Curve(Protocol):
    """The waits between attempts, in seconds; attempt 1 is the first."""

    def latest(self, attempt: int) -> float:
        """Return the longest wait after that attempt."""

    def earliest(self, attempt: int) -> float:
        """Return the shortest wait after that attempt."""

    def delay(self, attempt: int, chance: Chance = ...) -> int:
        """Return the wait after that attempt, in whole seconds from 1 on."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """The waits between attempts, in seconds: first, first * factor, first * factor^2, ... up to `longest`.

    `jitter` spreads them: "full" over 0 to the wait, "equal" over its upper half, "none" not at all.
    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog.
    """

    first: float = 2
    factor: float = 2
    longest: float = 3600
    jitter: Literal["full", "equal", "none"] = "full"

    def latest(self, attempt: int) -> float:
        """Return the longest wait after that attempt (1 is the first), in seconds."""
        # the exponent is bounded, so that no curve overflows: 2 ** 64 seconds are past every limit
        return min(self.longest, self.first * self.factor ** min(attempt - 1, 64))

    def earliest(self, attempt: int) -> float:
        """Return the shortest wait after that attempt, in seconds; never less than one."""
        share = {"full": 0.0, "equal": 0.5, "none": 1.0}[self.jitter]
        return max(1.0, share * self.latest(attempt))

    def delay(self, attempt: int, chance: Chance = random.uniform) -> int:
        """Return the wait after that attempt, in whole seconds from 1 on."""
        latest = self.latest(attempt)
        share = {"full": 0.0, "equal": 0.5, "none": 1.0}[self.jitter]
        return max(1, math.ceil(chance(share * latest, latest)))


@dataclass(frozen=True, slots=True)
class Delays:
    """Waits between attempts that are written down one by one, in seconds; after the last one it stays the same."""

    waits: tuple[float, ...]

    def latest(self, attempt: int) -> float:
        """Return the wait after that attempt (1 is the first), in seconds."""
        return self.waits[min(attempt, len(self.waits)) - 1]

    def earliest(self, attempt: int) -> float:
        """Return the same: these waits have no jitter."""
        return self.latest(attempt)

    def delay(self, attempt: int, _: Chance = random.uniform) -> int:
        """Return the wait after that attempt, in whole seconds from 1 on."""
        return max(1, math.ceil(self.latest(attempt)))


STANDARD = Backoff()
"""The curve of a type that declares none."""


@dataclass(frozen=True, slots=True)
class Following:
    """An attempt that follows if the one before it fails, and after how many seconds: at the earliest and latest."""

    attempt: int
    earliest: int
    latest: int


def following(curve: Curve, failing: int, max_attempts: int, chance: Chance | None = None) -> list[Following]:
    """Return the attempts that are left if attempt `failing` and all after it fail. `chance` None: the curve's jitter.

    Each wait counts from the end of the attempt before.
    """
    low = chance or (lambda low, _: low)
    left = range(max(1, failing), max_attempts)
    return [Following(n + 1, curve.delay(n, low), curve.delay(n, no_jitter)) for n in left]


def longest_run(curve: Curve) -> float:
    """Return the seconds that a run waits at most between its attempts, with as many as a producer may ask for."""
    return sum(curve.latest(attempt) for attempt in range(1, MAX_ATTEMPTS_CAP))


def receives(curve: Curve, max_attempts: int) -> int:
    """Return how often one message is received at most while its job's attempts fail one after the other.

    A wait that is surely too long for SQS parks the job, and the next attempt has a message of its own.
    """
    most = streak = 1
    for attempt in range(1, max_attempts):
        streak = 1 if curve.earliest(attempt) > SQS_LONGEST_DELAY else streak + 1
        most = max(most, streak)
    return most


def message_age(curve: Curve, max_attempts: int, timeout: float) -> float:
    """Return how old a message may be in SQS's eyes, in seconds, while its job's attempts fail; it counts 3 receives.

    Source: Amazon SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
    """
    waits = [min(curve.latest(attempt), SQS_LONGEST_DELAY) for attempt in range(1, min(4, max_attempts))]
    return SQS_LONGEST_DELAY + sum(waits) + (len(waits) + 1) * timeout


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again in `delay` seconds."""

    delay: int


@dataclass(frozen=True, slots=True)
class Later:
    """Come again in `delay` seconds; the attempt is not charged."""

    delay: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No attempt is left, or no time for one: the message goes to the dead-letter queue."""

    out_of_time: bool = False


@dataclass(frozen=True, slots=True)
class Fail:
    """Trying again cannot help: failed at once."""


Decision = Retry | Later | GiveUp | Fail


def no_jitter(_: float, latest: float) -> float:
    """Return the latest wait: the backoff without chance (JITTER=none)."""
    return latest


def decide(
    *,
    attempts: int,
    max_attempts: int,
    error: BaseException,
    backoff: Curve,
    chance: Chance = random.uniform,
    left: float | None = None,
) -> Decision:
    """Return what follows from `error` in attempt number `attempts` (1 is the first).

    `left` is in how many seconds the run is to be given up; None: only when its attempts are spent.
    """
    decided = _decide(attempts, max_attempts, error, backoff, chance)
    late = left is not None and isinstance(decided, Retry | Later) and decided.delay >= left
    return GiveUp(out_of_time=True) if late else decided


def _decide(attempts: int, max_attempts: int, error: BaseException, backoff: Curve, chance: Chance) -> Decision:
    if isinstance(error, PermanentError):
        return Fail()
    if isinstance(error, RetryLater):
        return Later(min(LONGEST_WAIT, max(1, math.ceil(error.seconds))))
    if attempts >= max_attempts:
        return GiveUp()
    return Retry(backoff.delay(attempts, chance))

"""Decide what follows a failed attempt: another one, and when, or the end. Pure: chance is an argument."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from chalicelib.errors import PermanentError, RetryLater
from chalicelib.jobs.limits import DAY

Chance = Callable[[float, float], float]
LONGEST_WAIT = int(7 * DAY)
"""Seconds of one wait at most, from a curve or from RetryLater."""


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


STANDARD = Backoff()
"""The curve of a type that declares none."""


@dataclass(frozen=True, slots=True)
class Following:
    """An attempt that follows if the one before it fails, and after how many seconds: at the earliest and latest."""

    attempt: int
    earliest: int
    latest: int


def following(backoff: Backoff, failing: int, max_attempts: int, chance: Chance | None = None) -> list[Following]:
    """Return the attempts that are left if attempt `failing` and all after it fail. `chance` None: the curve's jitter.

    Each wait counts from the end of the attempt before.
    """
    low = chance or (lambda low, _: low)
    left = range(max(1, failing), max_attempts)
    return [Following(n + 1, backoff.delay(n, low), backoff.delay(n, no_jitter)) for n in left]


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
    """No attempt is left: the message goes to the dead-letter queue."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Trying again cannot help: failed at once."""


Decision = Retry | Later | GiveUp | Fail


def no_jitter(_: float, latest: float) -> float:
    """Return the latest wait: the backoff without chance (JITTER=none)."""
    return latest


def decide(
    *, attempts: int, max_attempts: int, error: BaseException, backoff: Backoff, chance: Chance = random.uniform
) -> Decision:
    """Return what follows from `error` in attempt number `attempts` (1 is the first)."""
    if isinstance(error, PermanentError):
        return Fail()
    if isinstance(error, RetryLater):
        return Later(min(LONGEST_WAIT, max(1, math.ceil(error.seconds))))
    if attempts >= max_attempts:
        return GiveUp()
    return Retry(backoff.delay(attempts, chance))

"""After a failed attempt: try again, and when, or give up. Pure: the random source is an argument."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.errors import PermanentError

CAP = 300
"""The longest backoff in seconds: a message that backs off is in flight, and a queue holds 120,000 of those."""

Jitter = Callable[[float, float], float]


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again in `delay` seconds."""

    delay: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No attempt is left: the message goes to the dead-letter queue."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Trying again cannot help: failed at once."""


Decision = Retry | GiveUp | Fail


def no_jitter(_: float, ceiling: float) -> float:
    """The backoff without chance: exactly 2^attempts seconds (JITTER=none)."""
    return ceiling


def backoff(attempts: int, jitter: Jitter = random.uniform, cap: int = CAP) -> int:
    """Whole seconds to wait after the given attempt: full jitter, uniform(0, min(cap, 2^attempts)), at least 1.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog.
    """
    return max(1, math.ceil(jitter(0, min(cap, 2**attempts))))


def decide(*, attempts: int, max_attempts: int, error: Exception, jitter: Jitter = random.uniform) -> Decision:
    """What follows from `error` in attempt number `attempts` (1 is the first)."""
    if isinstance(error, PermanentError):
        return Fail()
    if attempts >= max_attempts:
        return GiveUp()
    return Retry(backoff(attempts, jitter))

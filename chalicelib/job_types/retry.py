"""Decide what follows a failed attempt: another one, and when, or the end. Pure: chance is an argument."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from chalicelib.errors import ConfigurationError, PermanentError, RetryLater
from chalicelib.job_types.checks import check_number
from chalicelib.jobs.limits import DAY, MAX_ATTEMPTS_CAP, SQS_LONGEST_DELAY

Chance = Callable[[float, float], float]
LONGEST_WAIT = int(7 * DAY)
"""Seconds of one wait at most, from a curve or from RetryLater."""
SHARES = {"full": 0.0, "equal": 0.5, "none": 1.0}
"""The part of a wait that jitter leaves, by its name."""


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
    """Wait so many seconds between attempts: first, first * factor, first * factor^2, ... up to `longest`.

    first, longest: seconds (1 to 604,800). factor: 1 to 10.
    jitter: spread a wait "full" over 0 to the wait, "equal" over its upper half, "none" not at all.
    Raises ConfigurationError.
    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog.
    """

    first: float = 2
    factor: float = 2
    longest: float = 3600
    jitter: Literal["full", "equal", "none"] = "full"

    def __post_init__(self) -> None:
        check_number("retry: first", self.first, 1, LONGEST_WAIT, "seconds", whole=False)
        check_number("retry: factor", self.factor, 1, 10, whole=False)
        check_number("retry: longest", self.longest, 1, LONGEST_WAIT, "seconds", whole=False)
        if self.jitter not in SHARES:
            raise ConfigurationError('retry: jitter must be "full", "equal" or "none"')

    def latest(self, attempt: int) -> float:
        """Return the longest wait after that attempt (1 is the first), in seconds."""
        # the exponent is bounded, so that no curve overflows: 2 ** 64 seconds are past every limit
        return min(self.longest, self.first * self.factor ** min(attempt - 1, 64))

    def earliest(self, attempt: int) -> float:
        """Return the shortest wait after that attempt, in seconds; never less than one."""
        return max(1.0, SHARES[self.jitter] * self.latest(attempt))

    def delay(self, attempt: int, chance: Chance = random.uniform) -> int:
        """Return the wait after that attempt, in whole seconds from 1 on."""
        latest = self.latest(attempt)
        return max(1, math.ceil(chance(SHARES[self.jitter] * latest, latest)))


@dataclass(frozen=True, slots=True)
class Delays:
    """Wait so many seconds between attempts, written down one by one; after the last one it stays the same.

    waits: 1 to 29 of them, each 1 to 604,800 seconds; without `max_attempts` there is one attempt more.
    Raises ConfigurationError.
    """

    waits: Sequence[float]

    def __post_init__(self) -> None:
        waits: Any = self.waits
        if not isinstance(waits, list | tuple):
            raise ConfigurationError("retry: waits is a list of seconds, such as (5, 60, 3600)")
        check_number("retry: the number of waits", len(self.waits), 1, MAX_ATTEMPTS_CAP - 1)
        for wait in self.waits:
            check_number("retry: each of waits", wait, 1, LONGEST_WAIT, "seconds", whole=False)
        object.__setattr__(self, "waits", tuple(self.waits))

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

"""Decide what follows a failed attempt: a retry and its time, or the end. Pure: randomness is an argument."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from chalicelib.errors import (
    ConfigurationError,
    JobCancelled,
    LeaseLost,
    PayloadRefused,
    PayloadUnreadable,
    PermanentError,
    Retry,
    RetryLater,
    RowNotSigned,
    SecretUnavailable,
    StartUnavailable,
    StepChanged,
    StoreUnavailable,
    VersionRemoved,
)
from chalicelib.job_types.checks import check_number
from chalicelib.job_types.constants import (
    DEFAULT_FACTOR,
    DEFAULT_FIRST,
    DEFAULT_LONGEST,
    LARGEST_FACTOR,
    LONGEST_WAIT,
    MAX_ATTEMPTS_CAP,
)
from chalicelib.jobs.constants import SQS_LONGEST_DELAY

Chance = Callable[[float, float], float]
SHARES = {"full": 0.0, "equal": 0.5, "none": 1.0}
"""The share of a wait that is not random, by the jitter's name."""


class Curve(Protocol):
    """The waits between attempts, in seconds; attempt 1 is the first."""

    def latest(self, attempt: int) -> float:
        """Return the longest wait after that attempt."""

    def earliest(self, attempt: int) -> float:
        """Return the shortest wait after that attempt."""

    def delay(self, attempt: int, chance: Chance = ...) -> int:
        """Return the wait after that attempt, in whole seconds, at least 1."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Wait between attempts: first, first * factor, first * factor^2, ... seconds, up to `longest`.

    first, longest: seconds (1 to 604,800). factor: 1 to 10.

    jitter: "full" picks each wait between 0 and its length, "equal" from its upper half, "none" never changes it.

    Raises ConfigurationError.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog.
    """

    first: float = DEFAULT_FIRST
    factor: float = DEFAULT_FACTOR
    longest: float = DEFAULT_LONGEST
    jitter: Literal["full", "equal", "none"] = "full"

    def __post_init__(self) -> None:
        check_number("retry: first", self.first, 1, LONGEST_WAIT, "seconds", whole=False)
        check_number("retry: factor", self.factor, 1, LARGEST_FACTOR, whole=False)
        check_number("retry: longest", self.longest, 1, LONGEST_WAIT, "seconds", whole=False)
        if self.jitter not in SHARES:
            raise ConfigurationError('retry: jitter must be "full", "equal" or "none"')

    def latest(self, attempt: int) -> float:
        """Return the longest wait after that attempt (1 is the first), in seconds."""
        # the exponent is limited, so that no curve overflows: 2 ** 64 seconds are above every limit
        return min(self.longest, self.first * self.factor ** min(attempt - 1, 64))

    def earliest(self, attempt: int) -> float:
        """Return the shortest wait after that attempt, in seconds, at least 1."""
        return max(1.0, SHARES[self.jitter] * self.latest(attempt))

    def delay(self, attempt: int, chance: Chance = random.uniform) -> int:
        """Return the wait after that attempt, in whole seconds, at least 1."""
        latest = self.latest(attempt)
        return max(1, math.ceil(chance(SHARES[self.jitter] * latest, latest)))


@dataclass(frozen=True, slots=True)
class Delays:
    """Wait the listed seconds between attempts; the last wait is repeated.

    waits: 1 to 29 of them, each 1 to 604,800 seconds. Without `max_attempts` there is one more attempt than waits.

    Raises ConfigurationError.
    """

    waits: Sequence[float]

    def __post_init__(self) -> None:
        waits: Any = self.waits
        if not isinstance(waits, list | tuple):
            raise ConfigurationError("retry: waits must be a list of seconds, such as (5, 60, 3600)")
        check_number("retry: the number of waits", len(self.waits), 1, MAX_ATTEMPTS_CAP - 1)
        for wait in self.waits:
            check_number("retry: each of waits", wait, 1, LONGEST_WAIT, "seconds", whole=False)
        object.__setattr__(self, "waits", tuple(self.waits))

    def latest(self, attempt: int) -> float:
        """Return the wait after that attempt (1 is the first), in seconds."""
        return self.waits[min(attempt, len(self.waits)) - 1]

    def earliest(self, attempt: int) -> float:
        """Return the same as `latest`: these waits have no jitter."""
        return self.latest(attempt)

    def delay(self, attempt: int, _: Chance = random.uniform) -> int:
        """Return the wait after that attempt, in whole seconds, at least 1."""
        return max(1, math.ceil(self.latest(attempt)))


STANDARD = Backoff()
"""The curve of a type that declares none."""


@dataclass(frozen=True, slots=True)
class Following:
    """An attempt that follows if the previous attempt fails, with the shortest and longest wait in seconds."""

    attempt: int
    earliest: int
    latest: int


def following(curve: Curve, failing: int, max_attempts: int, chance: Chance | None = None) -> list[Following]:
    """Return the attempts that are left if attempt `failing` and all later ones fail.

    `chance` replaces the random part of the shortest wait; None: the curve's jitter.

    Each wait counts from the end of the previous attempt.
    """
    low = chance or (lambda low, _: low)
    left = range(max(1, failing), max_attempts)
    return [Following(n + 1, curve.delay(n, low), curve.delay(n, no_jitter)) for n in left]


def longest_run(curve: Curve) -> float:
    """Return the maximum sum of the waits of one run, in seconds, for the most attempts that a producer may set."""
    return sum(curve.latest(attempt) for attempt in range(1, MAX_ATTEMPTS_CAP))


def receives(curve: Curve, max_attempts: int) -> int:
    """Return how often, at most, one message is received while its job's attempts fail one after the other.

    If a wait is certainly too long for SQS, the job is parked, and the next attempt has another message.
    """
    most = streak = 1
    for attempt in range(1, max_attempts):
        streak = 1 if curve.earliest(attempt) > SQS_LONGEST_DELAY else streak + 1
        most = max(most, streak)
    return most


def message_age(curve: Curve, max_attempts: int, timeout: float) -> float:
    """Return the maximum age of a message, in seconds, that SQS measures while its job's attempts fail.

    SQS does not measure the age of a message that was received more than three times.

    Source: Amazon SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
    """
    waits = [min(curve.latest(attempt), SQS_LONGEST_DELAY) for attempt in range(1, min(4, max_attempts))]
    return SQS_LONGEST_DELAY + sum(waits) + (len(waits) + 1) * timeout


ErrorClasses = tuple[type[BaseException], ...]
DECIDED = (
    PermanentError, Retry, RetryLater, JobCancelled, LeaseLost, PayloadRefused, PayloadUnreadable, RowNotSigned,
    SecretUnavailable, StartUnavailable, StepChanged, StoreUnavailable, VersionRemoved,
)  # fmt: skip
"""Errors whose class alone decides what follows, whatever the job type declares."""


@dataclass(frozen=True, slots=True)
class ByClass:
    """Decide by their class which errors of a function are retried: those of `retry_on`, without those of `fail_on`."""

    retry_on: ErrorClasses = (BaseException,)
    fail_on: ErrorClasses = ()

    @classmethod
    def of(cls, name: str, retry_on: Any, fail_on: Any) -> "ByClass":
        """Return the rule that a type declares, with a class or a tuple of classes; None: not declared.

        Raises ConfigurationError for classes that could never have an effect.
        """
        retried, failing = _classes(name, "retry_on", retry_on), _classes(name, "fail_on", fail_on)
        for kind in retried:
            above = next((one for one in failing if issubclass(kind, one)), None)
            if above is not None:
                fails = f"{kind.__name__} in retry_on would never be retried, because fail_on has {above.__name__}"
                raise ConfigurationError(f"{name}: {fails}; with retry_on alone, all other errors fail")
        return cls(retried or cls().retry_on, failing)

    def retried(self, error: BaseException) -> bool:
        """Return whether another attempt may follow this error."""
        return isinstance(error, self.retry_on) and not isinstance(error, self.fail_on)


EVERY = ByClass()
"""The rule of a type that declares none: every error is retried."""


def _classes(name: str, setting: str, given: Any) -> ErrorClasses:
    """Return the classes of a setting of a type; raise ConfigurationError for what is not a class of errors."""
    if given is None:
        return ()
    classes = given if isinstance(given, tuple | list) else (given,)
    if not classes:
        none = {"retry_on": "to retry no error, declare max_attempts=1", "fail_on": "leave it out"}
        raise ConfigurationError(f"{name}: {setting} has no class; {none[setting]}")
    for kind in classes:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise ConfigurationError(f"{name}: {setting} is a class of errors or a tuple of them, not {kind!r}")
        if issubclass(kind, DECIDED):
            raise ConfigurationError(f"{name}: {setting} has {kind.__name__}, which decides by itself what follows")
    return tuple(classes)


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Try again in `delay` seconds; the attempt is charged."""

    delay: int


@dataclass(frozen=True, slots=True)
class Later:
    """Run again in `delay` seconds; the attempt is not charged."""

    delay: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Give up: no attempt is left, or no time for another attempt. The message goes to the dead-letter queue."""

    out_of_time: bool = False


@dataclass(frozen=True, slots=True)
class Fail:
    """Fail the job at once, because a retry cannot help."""


Decision = TryAgain | Later | GiveUp | Fail


def no_jitter(_: float, latest: float) -> float:
    """Return the longest wait: the backoff without randomness (JITTER=none)."""
    return latest


def decide(
    *,
    attempts: int,
    max_attempts: int,
    error: BaseException,
    backoff: Curve,
    chance: Chance = random.uniform,
    left: float | None = None,
    by_class: ByClass = EVERY,
) -> Decision:
    """Return what follows from `error` in attempt number `attempts` (1 is the first).

    `left` is the number of seconds until the run is given up; None: the run is given up only after its last attempt.
    """
    decided = _decide(attempts, max_attempts, error, backoff, chance, by_class)
    late = left is not None and isinstance(decided, TryAgain | Later) and decided.delay >= left
    return GiveUp(out_of_time=True) if late else decided


def _decide(
    attempts: int, max_attempts: int, error: BaseException, backoff: Curve, chance: Chance, by_class: ByClass
) -> Decision:
    if isinstance(error, PermanentError):
        return Fail()
    if isinstance(error, RetryLater):
        return Later(asked(error.seconds))
    wanted = asked(error.after) if isinstance(error, Retry) else None
    if wanted is None and not by_class.retried(error):
        return Fail()
    if attempts >= max_attempts:
        return GiveUp()
    return TryAgain(backoff.delay(attempts, chance) if wanted is None else wanted)


def asked(seconds: float) -> int:
    """Return the wait that an error of the function asks for, in whole seconds, within the limits."""
    return math.ceil(min(LONGEST_WAIT, max(1, seconds)))

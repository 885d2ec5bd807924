"""Declare how often jobs of a type may start, and compute the time between the starts. Pure.

The algorithm is the generic cell rate algorithm with a theoretical arrival time (ITU-T I.371, Annex A). A slot is the
time of one start.
"""

import math
import re
from dataclasses import dataclass, fields

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.constants import (
    FASTEST_LIMIT,
    FASTEST_RATE,
    LATE_START_SHARE,
    LONGEST_SHARED,
    MOST_LATE_START,
    SLOWEST_LIMIT,
    SLOWEST_RATE,
)
from chalicelib.jobs.constants import DAY

MICRO = 1_000_000
SHARED = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{LONGEST_SHARED - 1}}}")
UNITS = {1.0: "a second", 60.0: "a minute", 3600.0: "an hour", DAY: "a day"}


def check_shared_name(kind: str, shared: object) -> None:
    """Raise ConfigurationError unless this is None or the name of a shared limit; `kind` is the class of the limit."""
    if shared is not None and not (isinstance(shared, str) and SHARED.fullmatch(shared)):
        raise ConfigurationError(
            f"{kind}: shared is the name of a limit, up to {LONGEST_SHARED} of a-z, 0-9 and hyphens, not {shared!r}"
        )


@dataclass(frozen=True, slots=True)
class Spacing:
    """How far slots of a rate are apart, and how long before its regular time one may be, in whole microseconds."""

    apart: int
    ahead: int


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `n` starts, or `n + burst`, in any `per` seconds; `burst` lets some start sooner after a quiet time.

    In `limits=`, a rate may be one for each value of a field of the payload (`by`), and of several types (`shared`).
    Raises ConfigurationError for a rate above 500 a second or below one an hour.
    """

    n: int
    per: float = 1
    burst: int = 0
    by: str | None = None
    shared: str | None = None

    def __post_init__(self) -> None:
        whole = isinstance(self.n, int) and isinstance(self.burst, int) and self.n >= 1
        if not whole or not 1 <= self.per <= DAY or not SLOWEST_RATE <= self.n / self.per <= FASTEST_RATE:
            raise ConfigurationError("rate: from 1 an hour to 500 a second; n is whole, per 1 to 86,400 seconds")
        if not 0 <= self.burst <= self.n:
            raise ConfigurationError("rate: burst must be between 0 and n")
        check_shared_name("Rate", self.shared)

    @property
    def late(self) -> float:
        """Return how many seconds after its slot a start may happen and still use that slot."""
        return min(MOST_LATE_START, max(LATE_START_SHARE * self.per, self.burst * self.per / self.n / 2))

    @property
    def apart(self) -> float:
        """Return the seconds between two slots, to a microsecond: enough to stay within the limit with late starts."""
        return math.ceil(MICRO * max(self.per / self.n, (self.per + self.late) / (self.n + self.burst))) / MICRO

    @property
    def ahead(self) -> float:
        """Return how many seconds before its regular time a slot may be: the burst, less the lateness of starts."""
        # k + 1 starts take at least k * apart - ahead - late seconds. n + burst + 1 starts must take more than `per`
        # seconds.
        return (self.n + self.burst) * self.apart - self.per - self.late

    @property
    def spacing(self) -> Spacing:
        """Return `apart` and `ahead` as they are stored with a slot."""
        return Spacing(round(self.apart * MICRO), round(self.ahead * MICRO))

    @property
    def written(self) -> str:
        """Return the declaration as it is written."""
        burst = f", burst={self.burst}" if self.burst else ""
        by = "" if self.by is None else f', by="{self.by}"'
        shared = "" if self.shared is None else f', shared="{self.shared}"'
        return f"Rate({self.n}, per={self.per:g}{burst}{by}{shared})"

    @property
    def said(self) -> str:
        """Return the rate in words: 14 a second."""
        return f"{self.n:,} {self.unit}"

    @property
    def unit(self) -> str:
        """Return the period in words: a second."""
        return UNITS.get(float(self.per), f"in {self.per:g} seconds")


@dataclass(frozen=True, slots=True)
class ChangedRate(Rate):
    """A rate of which an operator has changed `n`: a start may be as late as with `n_declared`, the number in the code.

    So a slot that was taken before a change counts in a window as one that is taken after it.
    """

    n_declared: int = 1

    @property
    def late(self) -> float:
        """See Rate."""
        return min(MOST_LATE_START, max(LATE_START_SHARE * self.per, self.burst * self.per / self.n_declared / 2))


def numbers_of(rate: Rate) -> tuple[int, int]:
    """Return the smallest number over 0, and the largest, that operators may give to a declared rate in `limits`."""
    least, most = _possible(rate.per)
    return max(rate.burst, least), most


def with_number(rate: Rate, n: int) -> Rate:
    """Return a declared rate with another number of starts, over 0, in its period.

    A deployment may have changed the period or the burst since: then return what is nearest to that number.
    """
    least, most = _possible(rate.per)
    n = min(most, max(least, n))
    if n == rate.n:
        return rate
    own = {one.name: getattr(rate, one.name) for one in fields(Rate)}
    return ChangedRate(**own | {"n": n, "burst": min(rate.burst, n), "n_declared": rate.n})


def _possible(per: float) -> tuple[int, int]:
    """Return the smallest and the largest number of starts in this period; products are rounded to parts of 10^9."""
    return max(1, math.ceil(round(SLOWEST_LIMIT * per, 9))), math.floor(round(FASTEST_LIMIT * per, 9))


def moved(slots_to: float, old: Spacing, new: Spacing, now: float) -> float:
    """Return up to which time slots are taken at the new rate, if they are taken up to `slots_to` at the old one.

    Times are in seconds. No window may have more starts than the larger rate allows. After a lower number, the next
    slot is as much later as slots are further apart, and the burst is used up as far as it was. After a higher number,
    the slots that are taken count as closer together from `now` on, or from the last slot that waits for its start.
    """
    (apart, ahead), (before, burst) = ((one.apart / MICRO, one.ahead / MICRO) for one in (new, old))
    if slots_to <= 0 or old == new:
        return slots_to
    scale = apart / before
    lost = max(0.0, ahead - burst * scale)  # otherwise each change could begin another burst
    if apart >= before:
        return max(slots_to + apart - before + ahead - burst, now + lost)
    begin = max(now, slots_to - before - burst)
    return begin + max(0.0, slots_to - begin) * scale + lost

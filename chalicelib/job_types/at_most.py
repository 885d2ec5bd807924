"""Declare how many jobs of a type may run at once. Pure."""

from dataclasses import dataclass

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.constants import MOST_PLACES


@dataclass(frozen=True, slots=True)
class AtMost:
    """At most `n` jobs of the type run at once; with `by`, at most `n` for each value of this field of the payload.

    Other jobs wait, without a worker and without a message, in the order in which they were due. A job without a value
    in `by` has no limit. Raises ConfigurationError.
    """

    n: int
    by: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.n, bool) or not isinstance(self.n, int) or not 1 <= self.n <= MOST_PLACES:
            raise ConfigurationError(f"AtMost: n is a whole number from 1 to {MOST_PLACES}, not {self.n!r}")


def only(name: str, limits: object) -> AtMost | None:
    """Return the limit of a type, None without one. Raises ConfigurationError for several limits, and for others."""
    given = () if limits is None else limits
    if isinstance(given, AtMost):
        raise ConfigurationError(f"{name}: limits is a list: write limits=[{limits!r}]")
    if not isinstance(given, tuple | list):
        raise ConfigurationError(f"{name}: limits is a list such as [AtMost(3)], not {limits!r}")
    if wrong := [one for one in given if not isinstance(one, AtMost)]:
        raise ConfigurationError(f"{name}: limits has AtMost(n, by=…), not {wrong[0]!r}")
    if len(given) > 1:
        raise ConfigurationError(f"{name}: limits has {len(given)} limits; one is possible now, several come later")
    return given[0] if given else None

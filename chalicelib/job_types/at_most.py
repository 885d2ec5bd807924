"""Declare how many jobs of one or several types may run at once. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.constants import LONGEST_SHARED, MOST_LIMITS, MOST_PLACES

SHARED = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{LONGEST_SHARED - 1}}}")


@dataclass(frozen=True, slots=True)
class AtMost:
    """At most `n` jobs run at once; with `by`, at most `n` for each value of this field of the payload.

    All jobs of the type count together; with `shared`, the jobs of all types that declare the limit with this name.
    Other jobs wait, without a worker and without a message, in the order in which they were due. A job without a value
    in `by` has no limit. Raises ConfigurationError.
    """

    n: int
    by: str | None = None
    shared: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.n, bool) or not isinstance(self.n, int) or not 1 <= self.n <= MOST_PLACES:
            raise ConfigurationError(f"AtMost: n is a whole number from 1 to {MOST_PLACES}, not {self.n!r}")
        if self.shared is not None and not (isinstance(self.shared, str) and SHARED.fullmatch(self.shared)):
            raise ConfigurationError(
                f"AtMost: shared is the name of a limit, up to {LONGEST_SHARED} of a-z, 0-9 and hyphens, not "
                f"{self.shared!r}"
            )

    @property
    def said(self) -> str:
        """Return the declaration as it is written."""
        by = "" if self.by is None else f', by="{self.by}"'
        shared = "" if self.shared is None else f', shared="{self.shared}"'
        return f"AtMost({self.n}{by}{shared})"


def declared_limits(name: str, limits: object) -> tuple[AtMost, ...]:
    """Return the limits of a type. Raises ConfigurationError for others, and for two limits that would be one."""
    given = () if limits is None else limits
    if isinstance(given, AtMost):
        raise ConfigurationError(f"{name}: limits is a list: write limits=[{given.said}]")
    if not isinstance(given, tuple | list):
        raise ConfigurationError(f"{name}: limits is a list such as [AtMost(3)], not {limits!r}")
    if wrong := [one for one in given if not isinstance(one, AtMost)]:
        raise ConfigurationError(f"{name}: limits has AtMost(n, by=…, shared=…), not {wrong[0]!r}")
    if len(given) > MOST_LIMITS:
        raise ConfigurationError(f"{name}: limits has {len(given)} limits; {MOST_LIMITS} are possible")
    _check_different(name, given)
    return tuple(given)


def _check_different(name: str, limits: Sequence[AtMost]) -> None:
    """Raise ConfigurationError if two limits of a type count the same jobs."""
    seen: dict[tuple[str | None, bool], AtMost] = {}
    for one in limits:
        first = seen.setdefault((one.shared, one.shared is None and one.by is not None), one)
        if first is not one:
            told = f"{first.said} and {one.said}"
            if one.shared is not None:
                raise ConfigurationError(f"{name}: limits names {one.shared} twice: {told}")
            which = "without by" if one.by is None else "with by"
            raise ConfigurationError(f"{name}: limits has {told}; one limit {which} of its own is possible")


def check_shared(limits: Mapping[str, Iterable[AtMost]]) -> None:
    """Raise ConfigurationError if two types declare a shared limit differently; `limits` are those of each type."""
    found: dict[str, tuple[str, AtMost]] = {}
    for name, declared in limits.items():
        for one in declared:
            if one.shared is None:
                continue
            first, other = found.setdefault(one.shared, (name, one))
            if other != one:
                raise ConfigurationError(
                    f"{first} and {name} declare the shared limit {one.shared} differently: {other.said} and "
                    f"{one.said}. Declare it once, in a package beside handlers/, and import it"
                )

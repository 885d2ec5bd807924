"""Declare how many jobs of one or several types may run at once, and check the limits of a type. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.constants import FASTEST_LIMIT, MOST_LIMITS, MOST_PLACES, SLOWEST_LIMIT
from chalicelib.job_types.rate import Rate, check_shared_name


@dataclass(frozen=True, slots=True)
class AtMost:
    """At most `n` jobs run at once; with `by`, at most `n` for each value of this field of the payload.

    All jobs of the type count together; with `shared`, the jobs of all types that declare the limit with this name.
    Other jobs wait, without a worker and without a message, in the order in which they were due; with `fair_by`,
    tenants take turns. A job without a value in `by` has no limit. Raises ConfigurationError.
    """

    n: int
    by: str | None = None
    shared: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.n, bool) or not isinstance(self.n, int) or not 1 <= self.n <= MOST_PLACES:
            raise ConfigurationError(f"AtMost: n is a whole number from 1 to {MOST_PLACES}, not {self.n!r}")
        check_shared_name("AtMost", self.shared)

    @property
    def written(self) -> str:
        """Return the declaration as it is written."""
        by = "" if self.by is None else f', by="{self.by}"'
        shared = "" if self.shared is None else f', shared="{self.shared}"'
        return f"AtMost({self.n}{by}{shared})"


AnyLimit = AtMost | Rate


def declared_limits(name: str, limits: object) -> tuple[AnyLimit, ...]:
    """Return the limits of a type. Raises ConfigurationError for others, and for two limits that would be one."""
    given = () if limits is None else limits
    if isinstance(given, AnyLimit):
        raise ConfigurationError(f"{name}: limits is a list: write limits=[{given.written}]")
    if not isinstance(given, tuple | list):
        raise ConfigurationError(f"{name}: limits is a list such as [AtMost(3)], not {limits!r}")
    if wrong := [one for one in given if not isinstance(one, AnyLimit)]:
        told = "AtMost(n, by=…, shared=…) or Rate(n, per=…, by=…, shared=…)"
        raise ConfigurationError(f"{name}: limits has {told}, not {wrong[0]!r}")
    for one in given:
        if isinstance(one, Rate) and not SLOWEST_LIMIT <= one.n / one.per <= FASTEST_LIMIT:
            raise ConfigurationError(f"{name}: a Rate in limits is from 5 an hour to 50 a second, not {one.written}")
    if len(given) > MOST_LIMITS:
        raise ConfigurationError(f"{name}: limits has {len(given)} limits; {MOST_LIMITS} are possible")
    _check_different(name, given)
    return tuple(given)


def _check_different(name: str, limits: Sequence[AnyLimit]) -> None:
    """Raise ConfigurationError if two limits of a type count the same jobs."""
    seen: dict[tuple[type, str | None, bool], AnyLimit] = {}
    for one in limits:
        first = seen.setdefault((type(one), one.shared, one.shared is None and one.by is not None), one)
        if first is not one:
            told = f"{first.written} and {one.written}"
            if one.shared is not None:
                raise ConfigurationError(f"{name}: limits names {one.shared} twice: {told}")
            which = "without by" if one.by is None else "with by"
            raise ConfigurationError(f"{name}: limits has {told}; one limit {which} of its own is possible")


def check_shared(limits: Mapping[str, Iterable[AnyLimit]]) -> None:
    """Raise ConfigurationError if two types declare a shared limit differently; `limits` are those of each type."""
    found: dict[tuple[type, str], tuple[str, AnyLimit]] = {}
    for name, declared in limits.items():
        for one in declared:
            if one.shared is None:
                continue
            first, other = found.setdefault((type(one), one.shared), (name, one))
            if other != one:
                raise ConfigurationError(
                    f"{first} and {name} declare the shared limit {one.shared} differently: {other.written} and "
                    f"{one.written}. Declare it once, in a package beside handlers/, and import it"
                )


def takes_turns(fair_by: str | None, limit: AnyLimit) -> bool:
    """Return whether the tenants of `fair_by` take turns in a limit's line: not if all its jobs are of one tenant."""
    return fair_by is not None and limit.by != fair_by


def check_turns(types: Mapping[str, tuple[str | None, Iterable[AnyLimit]]]) -> None:
    """Raise ConfigurationError if tenants take turns only in some of the types that share a limit.

    `types` are `fair_by` and the limits of each type.
    """
    found: dict[tuple[type, str], tuple[str, bool]] = {}
    for name, (fair_by, declared) in types.items():
        for one in declared:
            if one.shared is None:
                continue
            turns = takes_turns(fair_by, one)
            other, others = found.setdefault((type(one), one.shared), (name, turns))
            if turns != others:
                with_turns = name if turns else other
                raise ConfigurationError(
                    f"{other} and {name} share the limit {one.shared}, and only in {with_turns} tenants take turns: "
                    "their jobs would have no common order. Let both types have a fair_by that is not the `by` of the "
                    "limit, or none of them; jobs without a value in its field count as one tenant"
                )

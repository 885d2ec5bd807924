"""Define how many places operators have given to limits at run time, in place of the numbers in the code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.limits.constants import CHANGES_KEPT
from chalicelib.limits.ids import name_of_values
from chalicelib.limits.places import Limit


@dataclass(frozen=True, slots=True)
class Changed:
    """The number of places that an operator has given to a limit, who did it, why, and when (epoch seconds).

    `limit` is the id of a limit, or `<rank>.<name>.*` for all values of a field.
    """

    limit: str
    n: int
    by: str
    reason: str
    at: float


Changes = Mapping[str, Changed]
"""The changed limits, by id."""


def change_of(limit: Limit, changes: Changes) -> Changed | None:
    """Return the change that is in force for a limit: that of its value, or else that of all values of its field.

    A limit that the code does not declare any more has no change: nobody would leave its places.
    """
    if not limit.declared:
        return None
    return changes.get(limit.id) or changes.get(name_of_values(limit.id) or "")


class ChangesSeen:
    """Remember the changed limits for some seconds, so that a place costs no read.

    `read` returns all of them; with True, by a strongly consistent read. A limit's row has a stamp of its last change,
    so whoever reads the row after a change knows that what it remembers may be old.
    """

    def __init__(self, read: Callable[[bool], Changes], clock: Callable[[], float]) -> None:
        self._read, self._clock = read, clock
        self._changes: Changes = {}
        self._at: float | None = None
        self._stamps: dict[str, str] = {}

    def all(self) -> Changes:
        """Return the changes, at most CHANGES_KEPT seconds old."""
        if self._at is None or not 0 <= self._clock() - self._at < CHANGES_KEPT:
            self._again(consistent=False)
        return self._changes

    def fresh(self) -> Changes:
        """Return the changes as they are stored now."""
        self._again(consistent=True)
        return self._changes

    def n(self, limit: Limit) -> int:
        """Return how many places a limit has."""
        found = change_of(limit, self.all())
        return limit.n if found is None else found.n

    def seen(self, limit: Limit, stamp: str | None) -> Changed | None:
        """Return the change of a limit whose row has this stamp; read the changes again if the stamp is new."""
        if stamp is not None and self._stamps.get(limit.id) != stamp:
            self._again(consistent=True)
            self._stamps[limit.id] = stamp
        return change_of(limit, self.all())

    def _again(self, *, consistent: bool) -> None:
        now = self._clock()
        self._changes, self._at = self._read(consistent), now

"""Define which numbers operators have given to limits at run time, in place of the numbers in the code."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.limits.constants import CHANGES_KEPT, STAMPS_APART
from chalicelib.limits.ids import name_of_values
from chalicelib.limits.places import Limit


@dataclass(frozen=True, slots=True)
class Changed:
    """The number that an operator has given to a limit, who did it, why, and when (epoch seconds).

    `n` is how many places the limit has, or how many jobs start in the period of its rate. `limit` is the id of a
    limit, or `<rank>.<name>.*` for all values of a field.
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
    """Remember the changed limits for some seconds, so that a place costs no read. Threads may share it.

    `read` returns all of them, `read_one` the change of an id; both are strongly consistent. A limit's row has the time
    of its last change as a stamp, so whoever reads the row after a change knows that what it remembers may be old.
    """

    def __init__(
        self, read: Callable[[], Changes], read_one: Callable[[str], Changed | None], clock: Callable[[], float]
    ) -> None:
        self._read, self._read_one, self._clock = read, read_one, clock
        self._lock = threading.Lock()
        self._changes: Changes = {}
        self._at: float | None = None
        self._stamps: dict[str, str] = {}

    def all(self) -> Changes:
        """Return the changes, at most CHANGES_KEPT seconds old."""
        with self._lock:
            return self._all()

    def fresh(self) -> Changes:
        """Return the changes as they are stored now."""
        with self._lock:
            self._again()
            return self._changes

    def n(self, limit: Limit) -> int:
        """Return how many places, or turns, a limit has."""
        return _n(limit, self.all())

    def rated(self, limit: Limit) -> Limit:
        """Return a limit with the number that is in force for its rate."""
        found = change_of(limit, self.all())
        return limit.with_number(None if found is None else found.n)

    def now(self, limit: Limit) -> int:
        """Return how many places, or turns, a limit of a value has, if all values were changed just now; remember that.

        A change of the value itself is known by the stamp in its row.
        """
        name = name_of_values(limit.id)
        with self._lock:
            known = {key: one for key, one in self._all().items() if key != name}
            changed = None if name is None else self._read_one(name)
            self._changes = known if changed is None else {**known, changed.limit: changed}
            return _n(limit, self._changes)

    def seen(self, limit: Limit, stamp: str | None) -> Changed | None:
        """Return the change of a limit whose row has this stamp: epoch milliseconds, a hyphen, and a random text.

        Read the changes again if the last read may be older than the change.
        """
        with self._lock:
            self._all()
            oldest = (self._at or 0.0) - STAMPS_APART
            if stamp is not None and _time(stamp) > oldest and self._stamps.get(limit.id) != stamp:
                self._again()
                known = {key: one for key, one in self._stamps.items() if _time(one) > oldest}
                self._stamps = known | {limit.id: stamp}
            return change_of(limit, self._changes)

    def _all(self) -> Changes:
        if self._at is None or not 0 <= self._clock() - self._at < CHANGES_KEPT:
            self._again()
        return self._changes

    def _again(self) -> None:
        now = self._clock()
        self._changes, self._at = self._read(), now


def _time(stamp: str) -> float:
    return int(stamp.partition("-")[0]) / 1000


def _n(limit: Limit, changes: Changes) -> int:
    found = change_of(limit, changes)
    if limit.rate is not None:
        return limit.with_number(None if found is None else found.n).n
    return limit.n if found is None else found.n

"""The store of schedules as a Protocol; both adapters pass one contract suite."""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.schedules.schedule import Schedule


class Schedules(Protocol):
    """Keeps schedules. Each write depends on the version that was read, so that no unseen change is overwritten.

    The same write twice is no error while nobody else has written: the first reply may have been lost.
    """

    def get(self, schedule_id: str) -> Schedule:
        """Return the schedule, strongly consistent; raises ScheduleNotFound."""

    def page(self, limit: int, after: str = "") -> Sequence[Schedule]:
        """Return up to `limit` schedules by id, those behind the id `after`; strongly consistent."""

    def count(self) -> int:
        """Return how many schedules there are."""

    def due(self, before: float, most: int) -> Sequence[Schedule]:
        """Return up to `most` schedules whose next firing is at `before` (epoch seconds) or earlier, the first first.

        They may be stale.
        """

    def add(self, schedule: Schedule) -> bool:
        """Keep a new schedule; False when there is one with its id."""

    def replace(self, seen: Schedule, changed: Schedule) -> bool:
        """Put the changed schedule in the place of the one that was seen; False when that one has changed or is gone.

        `changed` has another `writer` than `seen`.
        """

    def remove(self, seen: Schedule) -> bool:
        """Remove the schedule; False when it has changed meanwhile. One that is gone is no error."""

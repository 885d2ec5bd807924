"""Declare the store of schedules as a Protocol; both adapters pass one contract suite."""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.schedules.schedule import Schedule


class Schedules(Protocol):
    """Store schedules. Each write depends on the version that was read, so it overwrites no change of another process.

    Repeating a write is not an error if no other process has written since: the first reply may have been lost.
    """

    def get(self, schedule_id: str) -> Schedule:
        """Return the schedule, strongly consistent; raises ScheduleNotFound."""

    def page(self, limit: int, after: str = "") -> Sequence[Schedule]:
        """Return up to `limit` schedules by id, after the id `after`; strongly consistent."""

    def count(self) -> int:
        """Return the number of schedules."""

    def due(self, before: float, most: int) -> Sequence[Schedule]:
        """Return up to `most` schedules whose next firing is at `before` (epoch seconds) or earlier, earliest first.

        The result may be stale.
        """

    def add(self, schedule: Schedule) -> bool:
        """Store a new schedule; False if its id exists."""

    def replace(self, seen: Schedule, changed: Schedule) -> bool:
        """Replace a schedule if it is unchanged since it was read; False if it has changed or was deleted.

        `changed` has another `writer` than `seen`.
        """

    def remove(self, seen: Schedule) -> bool:
        """Remove the schedule; False if it has changed meanwhile. A deleted schedule is not an error."""

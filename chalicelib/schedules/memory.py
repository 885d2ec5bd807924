"""Store schedules in memory; the contract tests of DynamoDB check this store too."""

import threading
from collections.abc import Sequence

from chalicelib.errors import ScheduleNotFound
from chalicelib.schedules.schedule import Schedule


class MemorySchedules:
    """Schedules in a dict; one lock makes each write atomic."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Schedule] = {}

    def get(self, schedule_id: str) -> Schedule:
        """See Schedules."""
        found = self._kept.get(schedule_id)
        if found is None:
            raise ScheduleNotFound(schedule_id)
        return found

    def page(self, limit: int, after: str = "") -> Sequence[Schedule]:
        """See Schedules."""
        return [self._kept[name] for name in sorted(self._kept) if name > after][:limit]

    def count(self) -> int:
        """See Schedules."""
        return len(self._kept)

    def due(self, before: float, most: int) -> Sequence[Schedule]:
        """See Schedules."""
        found = [(s.next_at, s.id) for s in list(self._kept.values()) if s.next_at is not None and s.next_at <= before]
        return [self._kept[name] for _, name in sorted(found)[:most]]

    def add(self, schedule: Schedule) -> bool:
        """See Schedules."""
        with self._lock:
            return self._kept.setdefault(schedule.id, schedule).writer == schedule.writer

    def replace(self, seen: Schedule, changed: Schedule) -> bool:
        """See Schedules."""
        with self._lock:
            found = self._kept.get(seen.id)
            if found is not None and found.writer == seen.writer:
                found = self._kept[seen.id] = changed
            return found is not None and found.writer == changed.writer

    def remove(self, seen: Schedule) -> bool:
        """See Schedules."""
        with self._lock:
            found = self._kept.get(seen.id)
            if found is not None and found.writer == seen.writer:
                del self._kept[seen.id]
            return found is None or found.writer == seen.writer

"""Store bulk actions in memory; the contract tests of DynamoDB check this store too."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.bulk.port import BulkAction, BulkState


class MemoryBulkActions:
    """See BulkActionRows; `counters` stores the open ones."""

    def __init__(self, counters: MemoryCounters) -> None:
        self._counters = counters
        self._lock = threading.Lock()
        self._rows: dict[str, BulkAction] = {}
        self._ids: dict[str, tuple[str, ...]] = {}
        self._changed: dict[str, dict[int, tuple[str, ...]]] = {}

    def add(self, new: BulkAction, ids: Sequence[str] = ()) -> None:
        """See BulkActionRows."""
        self._rows[new.id], self._ids[new.id] = new, tuple(ids)
        self._counters.bulk.add(new.id)

    def find(self, bulk_id: str) -> BulkAction | None:
        """See BulkActionRows."""
        return self._rows.get(bulk_id)

    def ids(self, bulk_id: str) -> Sequence[str]:
        """See BulkActionRows."""
        return self._ids.get(bulk_id, ())

    def note(self, bulk_id: str, version: int, changed: Sequence[str]) -> None:
        """See BulkActionRows."""
        self._changed.setdefault(bulk_id, {})[version] = tuple(changed)

    def changed(self, bulk_id: str, most: int) -> Sequence[str]:
        """See BulkActionRows."""
        slices = sorted(self._changed.get(bulk_id, {}).items())
        return list(dict.fromkeys(one for _, ids in slices for one in ids))[:most]

    def newest(self, most: int) -> Sequence[BulkAction]:
        """See BulkActionRows."""
        return [self._rows[name] for name in sorted(self._rows, reverse=True)][:most]

    def claim(self, bulk_id: str, now: float, until: float) -> BulkAction | None:
        """See BulkActionRows."""
        with self._lock:
            found = self._rows.get(bulk_id)
            if found is None or not found.open or found.lease_until >= now:
                return None
            self._rows[bulk_id] = replace(found, lease_until=until, version=found.version + 1)
            return self._rows[bulk_id]

    def save(self, after: BulkAction) -> BulkAction | None:
        """See BulkActionRows."""
        with self._lock:
            found = self._rows[after.id]
            if found.version != after.version - 1:
                return None
            asked = found.state is BulkState.STOPPING and after.open
            self._rows[after.id] = replace(after, state=BulkState.STOPPING) if asked else after
            return self._rows[after.id]

    def stop(self, bulk_id: str, now: float) -> BulkAction | None:
        """See BulkActionRows."""
        with self._lock:
            found = self._rows.get(bulk_id)
            if found is None or not found.open:
                return None
            self._rows[bulk_id] = replace(found, state=BulkState.STOPPING, updated_at=now)
            return self._rows[bulk_id]

    def close(self, bulk_id: str, now: float) -> None:  # noqa: ARG002 - nothing is left to expire
        """See BulkActionRows."""
        self._counters.bulk.discard(bulk_id)


class MemoryBackground:
    """See Background. Count the wake-ups."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        """See Background."""
        self.woken += 1

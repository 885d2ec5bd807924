"""Store batches in memory; the contract tests of DynamoDB check this store too."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.batches.constants import MOST_FAILED_IDS
from chalicelib.batches.round import Ended, Round
from chalicelib.batches.rule import added, counted


class MemoryBatches:
    """See BatchRows. Nothing is signed."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._rows: dict[tuple[str, int], Round] = {}
        self._marks: dict[tuple[str, int, str], str] = {}
        self._listed: dict[str, float] = {}

    def add(self, new: Round) -> Round:
        """See BatchRows."""
        with self._lock:
            return self._rows.setdefault((new.batch, new.number), new)

    def enlist(self, batch: str, created_at: float, expires_at: float | None) -> None:  # noqa: ARG002 - never expires
        """See BatchRows."""
        self._listed[batch] = created_at

    def find(self, batch: str, number: int | None = None) -> Round | None:
        """See BatchRows."""
        if number is not None:
            return self._rows.get((batch, number))
        return next(reversed(self.rounds(batch, 1)), None)

    def rounds(self, batch: str, most: int) -> Sequence[Round]:
        """See BatchRows."""
        with self._lock:
            return [row for key, row in sorted(self._rows.items()) if key[0] == batch][-most:]

    def opened_by(self, batch: str, bulk: str) -> Round | None:
        """See BatchRows."""
        found = reversed(self.rounds(batch, len(self._rows)))
        return next((one for one in found if one.bulk == bulk and one.closed_at is None), None)

    def newest(self, limit: int, before: str | None = None) -> tuple[Sequence[str], str | None]:
        """See BatchRows."""
        keys = sorted(((f"{at:020.3f}#{batch}", batch) for batch, at in self._listed.items()), reverse=True)
        found = [(key, batch) for key, batch in keys if before is None or key < before]
        return [batch for _, batch in found[:limit]], found[limit - 1][0] if len(found) > limit else None

    def count(self, batch: str, number: int, ended: Sequence[Ended], source: str, now: float) -> Round | None:
        """See BatchRows."""
        with self._lock:
            found, mark = self._rows.get((batch, number)), (batch, number, source)
            new = [one for one in ended if one.sequence > self._marks.get(mark, "")]
            if found is None or not new:
                return found
            self._marks[mark] = new[-1].sequence
            sums = added(found.counts, counted(new))
            return self._keep(replace(
                found, updated_at=now, done=sums.done, failed=sums.failed, cancelled=sums.cancelled,
                failed_ids=sums.failed_ids[:MOST_FAILED_IDS],
            ))  # fmt: skip

    def write(
        self, batch: str, number: int, values: Mapping[str, Any], same: Mapping[str, str | None] = {}
    ) -> Round | None:
        """See BatchRows."""
        with self._lock:
            found = self._rows.get((batch, number))
            if found is None or any(getattr(found, name) != value for name, value in same.items()):
                return None
            return self._keep(replace(found, **values))

    def due(self, now: float, most: int) -> Sequence[tuple[str, int]]:
        """See BatchRows."""
        due = [(row.due_at, key) for key, row in self._rows.items() if row.due_at is not None and row.due_at <= now]
        return [key for _, key in sorted(due)[:most]]

    def signed(self, found: Round, what: str) -> bool:  # noqa: ARG002 - nothing is signed here
        """See BatchRows."""
        return True

    def _keep(self, row: Round) -> Round:
        self._rows[row.batch, row.number] = row
        return row

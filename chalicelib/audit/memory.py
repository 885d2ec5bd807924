"""Store the audit log in memory; the contract tests of DynamoDB check this store too."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chalicelib.audit.rule import (
    End,
    Entry,
    Page,
    R,
    Refused,
    Which,
    bounds,
    ended,
    matches,
    matches_refused,
    paged,
    with_wholes,
)


class MemoryAudit:
    """See AuditLog."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self._refused: dict[str, Refused] = {}

    def begin(self, entry: Entry) -> None:
        """See AuditLog."""
        self.entries.setdefault(entry.id, entry)

    def end(self, entry: Entry, end: End) -> None:
        """See AuditLog."""
        self.entries[entry.id] = ended(self.entries[entry.id], end)

    def page(self, which: Which, limit: int, now: float, position: str | None = None) -> Page[Entry]:
        """See AuditLog."""
        rows = _newest_first(self.entries.values(), which, now, position)
        # the other store has an index of the changes of one thing, and keeps entries with the outcome `named` apart
        near = (row for row in rows if matches(row, Which(job=which.job, bulk=which.bulk, named=which.named)))
        return with_wholes(paged(((row, matches(row, which)) for row in near), limit), which, self.entries.get)

    def add_refusals(self, counted: Refused) -> None:
        """See AuditLog."""
        before = self._refused.get(counted.id)
        number = counted.number + (before.number if before else 0)
        self._refused[counted.id] = replace(counted, number=number)

    def refusals(self, which: Which, limit: int, now: float, position: str | None = None) -> Page[Refused]:
        """See AuditLog."""
        rows = _newest_first(self._refused.values(), which, now, position)
        return paged(((row, matches_refused(row, which)) for row in rows), limit)


def _newest_first(rows: Iterable[R], which: Which, now: float, position: str | None) -> Iterator[R]:
    low, high = bounds(which, now)
    for row in sorted(rows, key=lambda row: row.id, reverse=True):
        if low <= row.id < high and (position is None or row.id < position):
            yield row

"""Move the numbers of the one row in which earlier versions counted all types into the rows per type, once.

Each type's row notes the copy as a mark of its own, in the write that adds the numbers, so that it happens once
however many processes begin at the same time. Until then readers add the old row to it (see `standing`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.counters import keys
from chalicelib.counters.fold import MOST_NUMBERS, Entry
from chalicelib.counters.standing import COPIED, legacy_numbers
from chalicelib.jobs.ports.counters import Additions, CounterTable

DONE = "copied_at"


@dataclass
class Legacy:
    """The rest of the old row, read once a process."""

    rows: CounterTable
    _there: bool | None = None
    _marks: dict[str, str | None] = field(default_factory=dict)

    def left(self, entries: Sequence[Entry], source: str, now: float) -> Sequence[Entry]:
        """Return the entries that the old row has not counted; the first call moves its numbers."""
        if self._there is None:
            self._there = self.move(now)
        if not self._there:
            return entries
        if source not in self._marks:
            # Nobody moves it any more: the last version's last batch of this shard was before this one.
            self._marks[source] = self.rows.mark(keys.LEGACY, source)
        mark = self._marks[source]
        return entries if mark is None else [entry for entry in entries if entry.sequence > mark]

    def move(self, now: float) -> bool:
        """Move the numbers unless that is done; return whether there is an old row."""
        old = self.rows.read(keys.LEGACY)
        if old and DONE not in old:
            for name, numbers in legacy_numbers(old).items():
                self._copy(name, numbers)
            self.rows.add(keys.LEGACY, Additions(facts={DONE: now}), COPIED, "1", "1")
        return bool(old)

    def _copy(self, name: str, numbers: dict[str, int]) -> None:
        """Add in portions that fit into one write; the last one says that all are there.

        The old row stands still, so another process makes the same portions, and each is refused the second time.
        """
        kept = sorted((key, n) for key, n in numbers.items() if n > 0 or (n and key.startswith(keys.NUMBER)))
        portions = [kept[start : start + MOST_NUMBERS] for start in range(0, len(kept), MOST_NUMBERS)] or [[]]
        for left in range(len(portions) - 1, -1, -1):
            source = f"{COPIED}.{left}" if left else COPIED
            self.rows.add(keys.totals(name), Additions(Counter(dict(portions[left]))), source, "1", "1")

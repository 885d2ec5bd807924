"""The Lambda behind the jobs table's stream: counts every change of a job exactly once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.counters.fold import STEPS, CounterRows, CounterTable, Entry, fold, pieces, total

TIDY_EVERY = 60.0


def apply(rows: CounterRows, records: Sequence[Mapping[str, Any]], lane: str) -> list[Entry]:
    """Count a batch; records a row has already counted are left out. Returns the entries that were added.

    Every row keeps its own mark, written together with its numbers: a batch that is replayed, split or cut off in
    the middle counts once. Lanes are shards: within one, records come in order.
    """
    added: list[Entry] = []
    for row, entries in fold(records).items():
        for piece in pieces(entries):
            left = piece
            while left:
                mark = rows.add(row, total(left), lane, left[0].sequence, left[-1].sequence)
                if mark is None:
                    added += left
                    break
                left = _after(left, mark)
    return added


def created(entries: Iterable[Entry]) -> Counter[str]:
    """How many new jobs entries tell of, by type."""
    found: Counter[str] = Counter()
    for entry in entries:
        step, _, job_type = entry.row.pk.partition("#")
        if step == STEPS[60]:
            found[job_type] += entry.additions.numbers["created"]
    return +found


def _after(entries: Sequence[Entry], mark: str) -> list[Entry]:
    return [entry for entry in entries if entry.sequence > mark]


@dataclass
class Tidying:
    """Keeps the row of totals small; a look once a minute a process is enough."""

    last: float = float("-inf")

    def tidy(self, rows: CounterTable, now: float) -> None:
        """Look, unless somebody in this process just did."""
        if now - self.last >= TIDY_EVERY:
            self.last = now
            rows.tidy(now)

"""Many shards, one order: what can be said of the whole when each shard has answered with a slice. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """An index entry: its sort key, which job it is, and when the watchdog may look at that."""

    key: str
    id: str
    due_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Slice:
    """One shard's answer, highest key first, and the last key it looked at (None: it looked at all it has)."""

    entries: Sequence[Entry]
    frontier: str | None


@dataclass(frozen=True, slots=True)
class Merged:
    """The entries of all shards, highest key first, down to the frontier (None: to the end).

    Below the frontier a shard that stopped early may hold entries that nobody has seen yet, so nothing there counts.
    """

    entries: Sequence[Entry]
    frontier: str | None


def merge(slices: Iterable[Slice]) -> Merged:
    """Return the slices as one; the frontier is the highest of those shards that stopped early."""
    slices = list(slices)
    frontier = max((part.frontier for part in slices if part.frontier is not None), default=None)
    seen = [entry for part in slices for entry in part.entries if frontier is None or entry.key >= frontier]
    return Merged(once(sorted(seen, key=lambda entry: entry.key, reverse=True)), frontier)


def once(entries: Iterable[Entry]) -> list[Entry]:
    """Return each job's first entry: one that moved to another shard meanwhile was met in both."""
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.id, entry)
    return list(first.values())

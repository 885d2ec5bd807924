"""Merge slices of many shards into one order, as far as the order is certain. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """An index entry: its sort key, its job, and the time from which the watchdog may check it."""

    key: str
    id: str
    due_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Slice:
    """The answer of one shard, highest key first, and the last key that it read (None: it read everything)."""

    entries: Sequence[Entry]
    frontier: str | None


@dataclass(frozen=True, slots=True)
class Merged:
    """The entries of all shards, highest key first, down to the frontier (None: to the end).

    Below the frontier, a shard that stopped early may have unread entries, so entries there do not count.
    """

    entries: Sequence[Entry]
    frontier: str | None


def merge(slices: Iterable[Slice]) -> Merged:
    """Merge the slices; the result's frontier is the highest frontier of the shards that stopped early."""
    slices = list(slices)
    frontier = max((part.frontier for part in slices if part.frontier is not None), default=None)
    seen = [entry for part in slices for entry in part.entries if frontier is None or entry.key >= frontier]
    return Merged(once(sorted(seen, key=lambda entry: entry.key, reverse=True)), frontier)


def once(entries: Iterable[Entry]) -> list[Entry]:
    """Return each job's first entry: a job that moved to another shard meanwhile appears twice."""
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.id, entry)
    return list(first.values())

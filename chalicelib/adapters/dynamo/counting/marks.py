"""Handle the marks of counter rows: how far a row has counted each shard, and which marks it can drop. Pure.

A mark is a sequence number of 40 digits. In a maintained row, a suffix such as "@6b49d200" is the time at which the
mark was written. Marks with and without a suffix compare correctly: a longer text sorts after its prefix and before the
next number.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.adapters.constants import CLOCK_SKEW, MOST_MARKS_MOVED, SHARD_QUIET, SHARD_WRITTEN
from chalicelib.counters.keys import MARK, ended

MOVED = f"{MARK}moved"
"""Attribute of a row whose marks were moved. The attribute contains a time: moved marks only cover changes from before
this time."""


def mark(last: str, at: float) -> str:
    """Return the mark of a change, written at `at` (epoch seconds)."""
    return f"{last}@{stamp(at)}"


def place(text: str) -> str:
    """Return the sequence number of a mark."""
    return text.partition("@")[0]


def stamp(at: float) -> str:
    """Return a time as text that sorts chronologically, in whole seconds."""
    return f"{int(at):08x}"


def source(name: str) -> str:
    """Return the source whose mark is in the attribute with this name."""
    return name.removeprefix(MARK)


def movable(item: Mapping[str, Any], now: float) -> list[str]:
    """Return the attributes of marks that a row can drop.

    A row can drop marks that were not written for a while, of shards that have most likely ended. A mark without a time
    does not belong to a shard but to a recount, and stays.
    """
    told = {name: text.partition("@")[2] for name, text in item.items() if name.startswith(MARK)}
    quiet = [name for name, written in told.items() if written and written < stamp(now - SHARD_QUIET)]
    return [name for name in quiet if ended(source(name), now, SHARD_WRITTEN)][:MOST_MARKS_MOVED]


def horizon(now: float) -> str:
    """Return the new value of MOVED when marks are moved at `now`: a time after all changes that these marks cover."""
    return stamp(now - SHARD_QUIET + CLOCK_SKEW)

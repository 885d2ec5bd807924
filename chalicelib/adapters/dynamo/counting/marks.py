"""Marks of counter rows: how far a row has counted each shard, and which of them a row can do without. Pure.

A mark is a sequence number of 40 digits. In a row that is looked after, "@6b49d200" behind it is when it was written.
Both compare alike: a longer text sorts after its beginning and before the next number.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.counters.keys import MARK, ended

MOVED = f"{MARK}moved"
"""Attribute of a row from which marks were moved: none of them covers a change that came into the stream later."""
WRITTEN = 4.5 * 3600
"""Seconds after which a shard is most likely not written to any more: moving its mark earlier would bring it back."""
QUIET = 1800.0
"""Seconds without a write after which a mark may be moved."""
SKEW = 900.0
"""Seconds by which the clocks of functions and of DynamoDB may differ, at the very most."""
MOST = 50
"""Marks moved in one look."""


def mark(last: str, at: float) -> str:
    """Return the mark of a change, written at `at` (epoch seconds)."""
    return f"{last}@{stamp(at)}"


def place(text: str) -> str:
    """Return the sequence number of a mark."""
    return text.partition("@")[0]


def stamp(at: float) -> str:
    """Return a time as text that sorts as times do, in whole seconds."""
    return f"{int(at):08x}"


def source(name: str) -> str:
    """Return the source of an attribute."""
    return name.removeprefix(MARK)


def movable(item: Mapping[str, Any], now: float) -> list[str]:
    """Return the attributes of marks that a row can do without: quiet ones of shards that are over, most likely.

    A mark that does not tell when it was written is not one of a shard: a recount's, which stays.
    """
    told = {name: text.partition("@")[2] for name, text in item.items() if name.startswith(MARK)}
    quiet = [name for name, written in told.items() if written and written < stamp(now - QUIET)]
    return [name for name in quiet if ended(source(name), now, WRITTEN)][:MOST]


def horizon(now: float) -> str:
    """Return what MOVED becomes when marks are moved at `now`: later than what any of them covers."""
    return stamp(now - QUIET + SKEW)

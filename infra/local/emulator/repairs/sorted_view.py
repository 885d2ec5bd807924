"""The items of one table in the order of one of its indexes, kept as they are written, read from the middle."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Part = tuple[str, Any]  # the type of a value and the value: unlike types have an order too
Key = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """How an index orders its items: the attributes of its partition key, then those it sorts by, down to the table's
    own key, so that no two items are equal. An item that lacks one of them is not in the index."""

    partition: tuple[str, ...]
    sort: tuple[str, ...]


def part(value: Any) -> Part:
    """Return a DynamoDB value as something Python can order."""
    return value.type, value.cast_value


class SortedView:
    """The items (moto's), by partition, sorted. An item is known by `identity`, its own key in the table."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._partitions: dict[Key, list[Key]] = {}
        self._places: dict[Key, tuple[Key, Key]] = {}
        self._items: dict[tuple[Key, Key], Any] = {}

    def note(self, identity: Key, item: Any | None) -> None:
        """Take in that the item of this key is now `item`; None if there is none."""
        before, after = self._places.get(identity), self._place(item)
        if before is not None and before != after:
            self._take_out(before)
            del self._places[identity]
        if after is not None:
            if before != after:
                insort(self._partitions.setdefault(after[0], []), after[1])
                self._places[identity] = after
            self._items[after] = item

    def walk(
        self, partition: Key, after: Key | None, bounds: tuple[Key | None, Key | None], *, forward: bool
    ) -> Iterator[Any]:
        """Yield a partition's items in order, those behind the key `after` only, from where the first could lie within
        `bounds` (prefixes of sort keys, both included). The walk does not stop at the far bound."""
        keys = self._partitions.get(partition, [])
        lower, upper = bounds
        if forward:
            first = max(_past(keys, after) if after else 0, bisect_left(keys, lower) if lower else 0)
            numbers = range(first, len(keys))
        else:
            last = min(bisect_left(keys, after) if after else len(keys), _past(keys, upper) if upper else len(keys))
            numbers = range(last - 1, -1, -1)
        for number in numbers:
            yield self._items[partition, keys[number]]

    def _place(self, item: Any | None) -> tuple[Key, Key] | None:
        if item is None:
            return None
        try:
            partition = tuple(part(item.attrs[name]) for name in self.order.partition)
            return partition, tuple(part(item.attrs[name]) for name in self.order.sort)
        except KeyError:
            return None

    def _take_out(self, place: tuple[Key, Key]) -> None:
        partition, key = place
        keys = self._partitions[partition]
        del keys[bisect_left(keys, key)]
        if not keys:
            del self._partitions[partition]
        del self._items[place]


def _past(keys: list[Key], prefix: Key) -> int:
    """The position behind the last key that begins with `prefix` or comes before it."""
    return bisect_right(keys, prefix, key=lambda key: key[: len(prefix)])

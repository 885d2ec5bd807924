"""Keep the items of one table in the order of one of its indexes.

Each write updates the order; a read can begin at any key.
"""

from bisect import bisect_left, bisect_right, insort
from typing import Any, NamedTuple

Part = tuple[str, Any]  # the type of a value, then the value, because values of different types must be ordered, too
Key = tuple[Part, ...]


class Order(NamedTuple):
    """The order of an index: the attributes of its partition key, its sort attributes, and the table's own key.

    With the table's key at the end, no two items are equal. An item that lacks one of these attributes is not in the
    index.
    """

    partition: tuple[str, ...]
    sort: tuple[str, ...]


def part(value: Any) -> Part:
    """Return a DynamoDB value in a form that Python can order."""
    return value.type, value.cast_value


class SortedView:
    """The items of moto's table, sorted in each partition. `identity` returns the key of an item in the table."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._partitions: dict[Key, list[Key]] = {}
        self._places: dict[Key, tuple[Key, Key]] = {}
        self._items: dict[tuple[Key, Key], Any] = {}

    def note(self, identity: Key, item: Any | None) -> None:
        """Set the item of this key to `item`; None removes it."""
        before, place = self._places.pop(identity, None), self._place(item)
        if before is not None and before != place:
            keys = self._partitions[before[0]]
            del keys[bisect_left(keys, before[1])], self._items[before]
            if not keys:
                del self._partitions[before[0]]
        if place is not None:
            if before != place:
                insort(self._partitions.setdefault(place[0], []), place[1])
            self._places[identity], self._items[place] = place, item

    def keys(self, partition: Key) -> list[Key]:
        """Return the sort keys of a partition, in order."""
        return self._partitions.get(partition, [])

    def item(self, partition: Key, key: Key) -> Any:
        """Return the item at that position."""
        return self._items[partition, key]

    def _place(self, item: Any | None) -> tuple[Key, Key] | None:
        if item is None or any(name not in item.attrs for name in (*self.order.partition, *self.order.sort)):
            return None
        keys = [tuple(part(item.attrs[name]) for name in names) for names in self.order]
        return keys[0], keys[1]


def past(keys: list[Key], prefix: Key) -> int:
    """Return the position after the last key that begins with `prefix` or sorts before it."""
    return bisect_right(keys, prefix, key=lambda key: key[: len(prefix)])

"""moto's tables in the order of their indexes: one sorted view for each index that has been queried."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from moto.dynamodb.models.table import GlobalSecondaryIndex

Part = tuple[str, Any]  # the type of a value and the value: unlike types have an order too
Key = tuple[Part, ...]


class Order(NamedTuple):
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
        """Return the item that stands there."""
        return self._items[partition, key]

    def _place(self, item: Any | None) -> tuple[Key, Key] | None:
        if item is None or any(name not in item.attrs for name in (*self.order.partition, *self.order.sort)):
            return None
        keys = [tuple(part(item.attrs[name]) for name in names) for names in self.order]
        return keys[0], keys[1]


class TableViews:
    """Views by table and index name; the table itself has the index name None."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Any, dict[str | None, SortedView]] = WeakKeyDictionary()

    def get(self, table: Any, index_name: str | None) -> SortedView | None:
        """Return the view of an index, made now if need be; None if the table has no such index."""
        order = _order_of(table, index_name)
        if order is None:
            return None
        views = self._of.setdefault(table, {})
        view = views.get(index_name)
        if view is None or view.order != order:
            view = views[index_name] = SortedView(order)
            for item in _items(table):
                view.note(_identity(item.hash_key, item.range_key), item)
        return view

    def note(self, table: Any, hash_key: Any, range_key: Any) -> None:
        """Take in that the item of that key may have been written or deleted."""
        found = table.items.get(hash_key)
        if table.range_key_attr and found is not None:
            found = found.get(range_key)
        for view in self._of.get(table, {}).values():
            view.note(_identity(hash_key, range_key), found or None)


def past(keys: list[Key], prefix: Key) -> int:
    """Return the position behind the last key that begins with `prefix` or comes before it."""
    return bisect_right(keys, prefix, key=lambda key: key[: len(prefix)])


def _order_of(table: Any, index_name: str | None) -> Order | None:
    """Return the order moto gives a query of that index; None if there is no such index."""
    own = tuple(table.table_key_attrs)
    if index_name is None:
        return Order(own[:1], own[1:] or own)
    index = next((index for index in table.all_indexes() if index.name == index_name), None)
    if index is None:
        return None
    partition = tuple(key["AttributeName"] for key in index.schema if key["KeyType"] == "HASH")
    ranges = tuple(key["AttributeName"] for key in index.schema if key["KeyType"] == "RANGE")
    if not ranges:
        by_range = isinstance(index, GlobalSecondaryIndex) and table.range_key_attr
        ranges = (table.range_key_attr if by_range else table.hash_key_attr,)
    return Order(partition, ranges + own)


def _items(table: Any) -> Iterator[Any]:
    for found in table.items.values():
        yield from found.values() if table.range_key_attr else (found,)


def _identity(hash_key: Any, range_key: Any) -> Key:
    return (part(hash_key),) if range_key is None else (part(hash_key), part(range_key))

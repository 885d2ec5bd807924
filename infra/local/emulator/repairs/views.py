"""Keep the items of moto's tables sorted: one sorted view for each index that was queried."""

from typing import Any
from weakref import WeakKeyDictionary

from moto.dynamodb.models.table import GlobalSecondaryIndex

from infra.local.emulator.sorted_view import Key, Order, View, part


class TableViews:
    """Views by table and name of the index; the name None stands for the table itself."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Any, dict[str | None, View]] = WeakKeyDictionary()

    def get(self, table: Any, index_name: str | None) -> View | None:
        """Return the view of an index, and make it first if there is none yet. None if the table has no such index."""
        order = _order_of(table, index_name)
        if order is None:
            return None
        views = self._of.setdefault(table, {})
        view = views.get(index_name)
        if view is None or view.order != order:
            view = views[index_name] = View(order)
            for item in table.all_items():
                view.note(_identity(item.hash_key, item.range_key), item)
        return view

    def note(self, table: Any, hash_key: Any, range_key: Any) -> None:
        """Update the views for the item of that key, which may have been written or deleted."""
        found = table.items.get(hash_key)
        if table.range_key_attr and found is not None:
            found = found.get(range_key)
        for view in self._of.get(table, {}).values():
            view.note(_identity(hash_key, range_key), found or None)


def _order_of(table: Any, index_name: str | None) -> Order | None:
    """Return the order in which moto answers a query of that index; None if there is no such index."""
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


def _identity(hash_key: Any, range_key: Any) -> Key:
    return (part(hash_key),) if range_key is None else (part(hash_key), part(range_key))

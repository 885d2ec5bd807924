"""Keep the items of one table in the order of one of its indexes."""

from typing import Any, NamedTuple

from sortedcontainers import SortedDict

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


class View:
    """The items of a table in one order, by their keys in it. Each write updates it; a read can begin at any key."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.items: Any = SortedDict()
        self._keys: dict[Key, Key] = {}

    def note(self, identity: Key, item: Any | None) -> None:
        """Set the item with that key of the table to `item`; None removes it."""
        before, key = self._keys.pop(identity, None), self._key(item)
        if before is not None and before != key:
            del self.items[before]
        if key is not None:
            self._keys[identity], self.items[key] = key, item

    def _key(self, item: Any | None) -> Key | None:
        names = self.order.partition + self.order.sort
        if item is None or any(name not in item.attrs for name in names):
            return None
        return tuple(part(item.attrs[name]) for name in names)

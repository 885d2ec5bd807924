"""Let DynamoDB queries read only their page instead of the whole table.

For every query, moto collects the whole table, sorts it, and then searches for the page. Here each index that was
queried stays sorted. moto's own query still computes the answer, but from fewer items: from the start of the page to
the first item after its end.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT, Table

from infra.local.emulator.sorted_view import Key, View, part

from .patching import Replacements
from .views import TableViews

LAST = ("~",)  # a part of a key that sorts after every other one
HIGHEST = chr(0x10FFFF) * 8  # a string with this character at its end sorts after every string with the same beginning


def repair(replacements: Replacements, views: TableViews) -> None:
    """Keep sorted views of the tables, and give a query only the page from its view."""
    _keep_views(replacements, views)
    shown = threading.local()

    def query(table: Any, *args: Any, **kwargs: Any) -> Any:
        view = views.get(table, args[7])
        shown.items = None if view is None else page(view, args, kwargs)
        try:
            return stock_query(table, *args, **kwargs)
        finally:
            shown.items = None

    def all_items(table: Any) -> Any:
        items = getattr(shown, "items", None)
        return stock_all_items(table) if items is None else items

    stock_query = replacements.put(Table, "query", query)
    stock_all_items = replacements.put(Table, "all_items", all_items)


def _keep_views(replacements: Replacements, views: TableViews) -> None:
    """Report every write to the views. Each write of an item in moto ends in one of these three methods."""

    def put_item(table: Any, *args: Any, **kwargs: Any) -> Any:
        item = stock_put(table, *args, **kwargs)
        views.note(table, item.hash_key, item.range_key)
        return item

    def delete_item(table: Any, hash_key: Any, range_key: Any) -> Any:
        item = stock_delete(table, hash_key, range_key)
        views.note(table, hash_key, range_key)
        return item

    def update_item(backend: Any, table_name: str, *args: Any, **kwargs: Any) -> Any:
        item = stock_update(backend, table_name, *args, **kwargs)
        views.note(backend.get_table(table_name), item.hash_key, item.range_key)
        return item

    stock_put = replacements.put(Table, "put_item", put_item)
    stock_delete = replacements.put(Table, "delete_item", delete_item)
    stock_update = replacements.put(models.DynamoDBBackend, "update_item", update_item)


def page(view: View, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any] | None:
    """Return the items that Table.query needs for these arguments, in ascending order.

    These are the items of the page, and the first one after it, which shows moto that there are more. None means that
    moto needs the whole table: for the legacy parameters (KeyConditions, QueryFilter), and for a malformed start key,
    for which moto itself must return the error.
    """
    hash_key, comparison, operands, limit, start, forward = args[:6]
    hash_conditions = dict(kwargs.get("hash_key_conditions") or {view.order.partition[0]: hash_key})
    range_names = [condition[0] for condition in kwargs.get("range_key_conditions") or []]
    if set(kwargs) - {"hash_key_conditions", "range_key_conditions"} or set(hash_conditions) != set(view.order[0]):
        return None
    if comparison and range_names != [view.order.sort[0]]:
        return None
    partition = tuple(part(hash_conditions[name]) for name in view.order.partition)
    low, high = _stretch(partition, comparison, operands)
    try:
        begin = None if start is None else _start_key(view, partition, start)
    except (KeyError, TypeError, AttributeError, IndexError):
        return None
    if forward is not False:
        low = low if begin is None else max(low, (*begin, LAST))
        return list(_until_full(view, view.items.irange(low, (*partition, LAST)), limit, low, high))
    high = high if begin is None else min(high, begin)
    keys = view.items.irange(partition, high, inclusive=(True, False), reverse=True)
    return list(_until_full(view, keys, limit, low, high))[::-1]


def _start_key(view: View, partition: Key, start: Mapping[str, Any]) -> Key:
    given = {name: part(DynamoType(value)) for name, value in start.items()}
    if tuple(given[name] for name in view.order.partition) != partition:
        raise KeyError("a start key in another partition")
    return partition + tuple(given[name] for name in view.order.sort)


def _stretch(partition: Key, comparison: str | None, operands: list[Any]) -> tuple[Any, Any]:
    """Return the keys between which all keys match the comparison: the first one, and the one after the last."""
    first, end = partition, (*partition, LAST)
    if not comparison:
        return first, end
    low, high = (*partition, part(operands[0])), (*partition, part(operands[-1]))
    if comparison == "BEGINS_WITH" and operands[0].type == "S":
        high = (*partition, ("S", operands[0].value + HIGHEST))
    # keys are sorted by type first, so the range of a prefix contains no values of other types
    ranges = {"<": (first, low), "<=": (first, (*low, LAST)), ">": ((*low, LAST), end), ">=": (low, end)}
    return ranges.get(comparison, (low, (*high, LAST)))


def _until_full(view: View, keys: Iterable[Key], limit: int | None, low: Any, high: Any) -> Iterator[Any]:
    """Yield the items of one page, by count, by size in bytes, or up to the end of the range, and the one after it."""
    size = 0
    for number, key in enumerate(keys):
        item = view.items[key]
        yield item
        if number == limit or size > RESULT_SIZE_LIMIT or not low <= key < high:
            return
        size += item.size()

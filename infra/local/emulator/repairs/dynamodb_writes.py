"""Make DynamoDB writes atomic, at a cost that does not grow with the table."""

import copy
import types
from collections.abc import Callable
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.exceptions import ItemSizeTooLarge, ItemSizeToUpdateTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

from .patching import Replacements
from .views import TableViews

LARGEST_ITEM = 405_000  # bytes of an item, as moto counts them


def repair(replacements: Replacements, views: TableViews) -> None:
    """Apply all repairs of this module."""
    undo_failed_transactions_item_by_item(replacements, views)
    make_updates_whole(replacements, views)
    copy_and_measure_less(replacements)


def undo_failed_transactions_item_by_item(replacements: Replacements, views: TableViews) -> None:
    """Copy only the items that a transaction names, to restore them if it fails.

    moto copies the whole table before every transaction, and restores the copy after a failure. This takes seconds, and
    removes other writes.
    """

    def transact_write_items(backend: Any, transact_items: list[dict[str, Any]]) -> None:
        operations = [operation for item in transact_items for operation in item.values()]
        kept = [_kept(backend.tables.get(op.get("TableName")), op, views) for op in operations]
        try:
            stock(backend, transact_items)
        except Exception:
            for _, restore in reversed(kept):
                restore()
            raise

    def deepcopy(value: Any, memo: dict[int, Any] | None = None) -> Any:
        return value if isinstance(value, Table) else copy.deepcopy(value, memo)

    stock = replacements.put(models.DynamoDBBackend, "transact_write_items", transact_write_items)
    replacements.put(models, "copy", types.SimpleNamespace(deepcopy=deepcopy, copy=copy.copy))


def copy_and_measure_less(replacements: Replacements) -> None:
    """Share plain values between copies of an item, and compute its size only once until its next update.

    Sharing is safe, because values are replaced and never changed. ItemSizeTooLarge is raised as in moto. moto copies
    every value at each update. It sums all sizes again for each attribute (180,000 sizes for an item of 600
    attributes), and each time an item is queried.
    """

    def deepcopy(value: Any, memo: dict[int, Any]) -> Any:
        return value if value.type in ("S", "N", "B", "BOOL", "NULL") else stock_copy(value, memo)

    def init(item: Any, hash_key: Any, range_key: Any, attrs: dict[str, Any]) -> None:
        stock_init(item, hash_key, range_key, attrs)
        _check_size(item, ItemSizeTooLarge)

    def size(item: Any) -> Any:
        if "known_size" not in vars(item):
            item.known_size = stock_size(item)
        return item.known_size

    replacements.put(LimitedSizeDict, "__setitem__", dict.__setitem__)
    stock_copy = replacements.put(DynamoType, "__deepcopy__", deepcopy)
    stock_init = replacements.put(Item, "__init__", init)
    stock_size = replacements.put(Item, "size", size)


def _check_size(item: Any, error: type[Exception]) -> None:
    vars(item).pop("known_size", None)
    if item.size() > LARGEST_ITEM:
        raise error


def make_updates_whole(replacements: Replacements, views: TableViews) -> None:
    """Undo an update that fails half-way, and write one stream record for an update that creates an item.

    After a failed update, moto leaves its first half. When an update creates an item, moto first writes another record,
    for an item that has only its key.
    """

    def update_item(backend: Any, table_name: str, key: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        table = backend.get_table(table_name)
        before, restore = _kept(table, {"Key": key}, views)
        try:
            item = stock(backend, table_name, key, *args, **kwargs)
            _check_size(item, ItemSizeToUpdateTooLarge)
        except Exception:
            restore()
            raise
        if before is None and table.stream_shard:
            _drop_the_record_of_the_bare_key(table.stream_shard)
        return item

    stock = replacements.put(models.DynamoDBBackend, "update_item", update_item)


def _drop_the_record_of_the_bare_key(shard: Any) -> None:
    bare, whole = (record.to_json()["dynamodb"] for record in shard.items[-2:])
    whole["SequenceNumber"] = bare["SequenceNumber"]
    del shard.items[-2]


def _kept(table: Any, operation: dict[str, Any], views: TableViews) -> tuple[Any, Callable[[], None]]:
    """Return an item before a write, and a function that puts it and its table's stream back."""
    given = operation.get("Key") or operation.get("Item") or {}
    if table is None or any(name not in given for name in table.table_key_attrs):
        return None, lambda: None  # moto refuses an operation without table or key before it writes
    hash_key = DynamoType(given[table.hash_key_attr])
    range_key = DynamoType(given[table.range_key_attr]) if table.range_key_attr else None
    item, shard = table.get_item(hash_key, range_key), table.stream_shard
    attributes = copy.deepcopy(item).attrs if item is not None else None
    next_record = shard.starting_sequence_number + len(shard.items) if shard else 0

    def restore() -> None:
        if shard:
            del shard.items[max(0, next_record - shard.starting_sequence_number) :]
        items, key = (table.items, hash_key) if range_key is None else (table.items[hash_key], range_key)
        if item is None:
            items.pop(key, None)
        else:
            item.attrs = attributes
            vars(item).pop("known_size", None)
            items[key] = item
        views.note(table, hash_key, range_key)

    return item, restore

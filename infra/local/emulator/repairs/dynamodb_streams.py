"""Limit the size of DynamoDB streams, and continue them after a restart."""

from collections import OrderedDict
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import table as tables
from moto.dynamodbstreams import models

from .patching import Replacements

KEPT_RECORDS = 10_000
KEPT_ITERATORS = 1_000
LARGEST_BATCH = 1_000
"""A number of records that is larger than any reader's batch."""


def repair(replacements: Replacements) -> None:
    """Keep only the newest records and iterators.

    moto keeps all of them for ever. AWS keeps records for a day and iterators for 15 minutes.
    """

    class Newest(OrderedDict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            super().__setitem__(key, value)
            if len(self) > KEPT_ITERATORS:
                self.popitem(last=False)

    def init(backend: Any, region_name: str, account_id: str) -> None:
        stock_init(backend, region_name, account_id)
        backend.shard_iterators = Newest()

    def add(shard: Any, old: Any, new: Any) -> None:
        stock_add(shard, old, new)
        surplus = len(shard.items) - 2 * KEPT_RECORDS
        if surplus >= 0:
            del shard.items[: surplus + KEPT_RECORDS]
            shard.starting_sequence_number += surplus + KEPT_RECORDS

    def get(shard: Any, start: int, quantity: int) -> Any:
        if start < shard.starting_sequence_number:
            raise JsonRESTError("TrimmedDataAccessException", "the records asked for are no longer kept")
        shard.reached = start
        return stock_get(shard, start, quantity)

    stock_init = replacements.put(models.DynamoDBStreamsBackend, "__init__", init)
    stock_add = replacements.put(tables.StreamShard, "add", add)
    stock_get = replacements.put(tables.StreamShard, "get", get)


def unfinished(table: Any) -> tuple[int, list[Any]] | None:
    """Return the records of a table's stream that a reader may not have finished, and the number of the first one.

    None for a table without a stream. When a stream goes on with these records, readers skip the finished ones.
    """
    shard = table.stream_shard
    if shard is None:
        return None
    first = shard.starting_sequence_number
    finished = max(0, getattr(shard, "reached", first) - first - LARGEST_BATCH)
    return first + finished, shard.items[finished:]

"""Limit the size of DynamoDB streams."""

from collections import OrderedDict
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import table as tables
from moto.dynamodbstreams import models

from .patching import Replacements

KEPT_RECORDS = 10_000
KEPT_ITERATORS = 1_000


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
        return stock_get(shard, start, quantity)

    stock_init = replacements.put(models.DynamoDBStreamsBackend, "__init__", init)
    stock_add = replacements.put(tables.StreamShard, "add", add)
    stock_get = replacements.put(tables.StreamShard, "get", get)

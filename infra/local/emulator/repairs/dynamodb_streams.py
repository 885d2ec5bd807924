"""DynamoDB streams that cost little to write and do not grow without end."""

from collections import OrderedDict
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import table as tables
from moto.dynamodbstreams import models

from .patching import Replacements

KEPT_RECORDS = 50_000
KEPT_ITERATORS = 1_000


def repair(replacements: Replacements) -> None:
    """All repairs of this module."""
    measure_records_roughly(replacements)
    drop_old_records(replacements)
    drop_old_iterators(replacements)


def measure_records_roughly(replacements: Replacements) -> None:
    """moto writes every stream record out as JSON, only to know its length (which it calls an overestimate)."""

    def rough_json(record: Any) -> str:
        images = [record.get(name, {}) for name in ("Keys", "NewImage", "OldImage")]
        return " " * sum(len(name) + len(str(value)) for image in images for name, value in image.items())

    replacements.put(tables, "dynamo_json_dump", rough_json)


def drop_old_records(replacements: Replacements) -> None:
    """moto keeps all records for ever; AWS keeps them for a day. The newest 50,000 are kept here."""

    def add(shard: Any, old: Any, new: Any) -> None:
        stock(shard, old, new)
        surplus = len(shard.items) - 2 * KEPT_RECORDS
        if surplus >= 0:
            del shard.items[: surplus + KEPT_RECORDS]
            shard.starting_sequence_number += surplus + KEPT_RECORDS

    def get(shard: Any, start: int, quantity: int) -> Any:
        if start < shard.starting_sequence_number:
            raise JsonRESTError("TrimmedDataAccessException", "the records asked for are no longer kept")
        return stock_get(shard, start, quantity)

    stock = replacements.put(tables.StreamShard, "add", add)
    stock_get = replacements.put(tables.StreamShard, "get", get)


def drop_old_iterators(replacements: Replacements) -> None:
    """moto keeps every iterator ever given, 600 bytes for each poll; AWS lets them expire after 15 minutes."""

    class Newest(OrderedDict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            super().__setitem__(key, value)
            if len(self) > KEPT_ITERATORS:
                self.popitem(last=False)

    def init(backend: Any, region_name: str, account_id: str) -> None:
        stock(backend, region_name, account_id)
        backend.shard_iterators = Newest()

    stock = replacements.put(models.DynamoDBStreamsBackend, "__init__", init)

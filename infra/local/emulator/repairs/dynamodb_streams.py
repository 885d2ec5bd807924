"""Limit the size of DynamoDB streams, and continue them after a restart."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models import table as tables
from moto.dynamodbstreams import models

from infra.local.lambdas.specs import ACCOUNT, REGION

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


def position(table_name: str) -> dict[str, Any]:
    """Return the number of a table's next record, and the records that a reader may not have finished."""
    shard = _table(table_name).stream_shard
    if shard is None:
        return {}
    first = shard.starting_sequence_number
    unfinished = max(0, getattr(shard, "reached", first) - first - LARGEST_BATCH)
    return {"next": first + len(shard.items), "records": [_written(item.record) for item in shard.items[unfinished:]]}


def go_on(table_name: str, saved: Mapping[str, Any]) -> None:
    """Fill a table's stream with exactly the saved records.

    Their numbers are the same, so readers skip finished ones.
    """
    shard = _table(table_name).stream_shard
    if shard is not None and saved:
        shard.items = [_read(record) for record in saved["records"]]
        shard.starting_sequence_number = saved["next"] - len(shard.items)


def _table(name: str) -> Any:
    return dynamodb_backends[ACCOUNT][REGION].get_table(name)


def _written(record: Mapping[str, Any]) -> dict[str, Any]:
    facts = record["dynamodb"]
    at = facts["ApproximateCreationDateTime"].isoformat()
    return {**record, "dynamodb": {**facts, "ApproximateCreationDateTime": at}}


def _read(written: Mapping[str, Any]) -> Any:
    facts = written["dynamodb"]
    at = datetime.fromisoformat(facts["ApproximateCreationDateTime"])
    made = object.__new__(tables.StreamRecord)
    made.record = {**written, "dynamodb": {**facts, "ApproximateCreationDateTime": at}}
    return made

"""DynamoDB streams that cost little to write and do not grow without end."""

import copy
import uuid
from collections import OrderedDict
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import utcnow
from moto.dynamodb.models import table as tables
from moto.dynamodbstreams import models

from .patching import Replacements

KEPT_RECORDS = 50_000
KEPT_ITERATORS = 1_000


def repair(replacements: Replacements) -> None:
    """All repairs of this module."""
    write_records_out_when_read(replacements)
    drop_old_records(replacements)
    drop_old_iterators(replacements)


class LeanRecord:
    """A stream record that keeps the two items, whose plain values are shared, and is written out when it is read."""

    __slots__ = ("_created", "_event", "_id", "_new", "_old", "_table", "_view", "sequence_number")

    def __init__(self, table: Any, stream_type: str, event_name: str, old: Any, new: Any, seq: int) -> None:
        self._table, self._view, self._event = table, stream_type, event_name
        self._old, self._new = old, copy.deepcopy(new)  # the new item lives on, the old one does not
        self._id, self._created = uuid.uuid4().hex, utcnow()
        self.sequence_number = seq

    def to_json(self) -> dict[str, Any]:
        """Return the record as moto's own would be, but for its size: moto writes it out as JSON to know that."""
        item = self._new if self._old is None else self._old
        keys = {name: item.attrs[name].to_json() for name in self._table.table_key_attrs}
        content = {
            "StreamViewType": self._view,
            "ApproximateCreationDateTime": self._created,
            "SequenceNumber": str(self.sequence_number),
            "SizeBytes": sum(image.size() for image in (self._old, self._new) if image is not None),
            "Keys": keys,
        }
        for name, image in (("NewImage", self._new), ("OldImage", self._old)):
            if image is not None and self._view in (name.replace("Image", "_IMAGE").upper(), "NEW_AND_OLD_IMAGES"):
                content[name] = image.to_json()["Attributes"]
        return {
            "eventID": self._id,
            "eventName": self._event,
            "eventSource": "aws:dynamodb",
            "eventVersion": "1.0",
            "awsRegion": self._table.region_name,
            "dynamodb": content,
        }


def write_records_out_when_read(replacements: Replacements) -> None:
    """moto writes out both images of every change, 9 KB for an item of 1 KB, and then all of it once more as JSON,
    only to know its length."""
    replacements.put(tables, "StreamRecord", LeanRecord)


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

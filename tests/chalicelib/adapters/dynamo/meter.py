"""Measure what the writes to a table would cost on AWS, from item sizes and index entries."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.tables.schema import jobs_table
from chalicelib.adapters.dynamo.tables.sizes import item_size, write_units
from tests.support import REGION, SETTINGS

Item = Mapping[str, Any] | None


@dataclass
class Meter:
    """Write units of each write so far, in order, with the operation's name and the sort key."""

    readings: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(units for *_, units in self.readings)


@contextmanager
def metered() -> Iterator[Meter]:
    """Measure every PutItem and UpdateItem of the process within the block."""
    client = aws.client("dynamodb", REGION)
    meter = Meter()
    pending: list[tuple[str, dict[str, Any], Item]] = []

    def find(table: str, key: dict[str, Any]) -> Item:
        found: Item = client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        return found

    def before(model: Any, params: dict[str, Any], **_: Any) -> None:
        asked = json.loads(params["body"])
        key = asked.get("Key") or {name: asked["Item"][name] for name in ("pk", "sk")}
        pending.append((asked["TableName"], key, find(asked["TableName"], key)))

    def after(model: Any, **_: Any) -> None:
        table, key, old = pending.pop()
        meter.readings.append((model.name, key["sk"]["S"], units(table, old, find(table, key))))

    hooks = [(f"{when}.dynamodb.{name}", hook) for name in ("PutItem", "UpdateItem") for when, hook in
             (("before-call", before), ("after-call", after))]  # fmt: skip
    for name, hook in hooks:
        client.meta.events.register(name, hook)
    try:
        yield meter
    finally:
        for name, hook in hooks:
            client.meta.events.unregister(name, hook)


def units(table: str, old: Item, new: Item) -> int:
    """Return the cost of one write: the larger of the two items, and each index entry that it changes.

    Source: DynamoDB Developer Guide, "Write operations on global secondary indexes": a new, a changed and a removed
    entry are one write each; a changed index key is a removal and a new entry.
    """
    base = write_units(max(item_size(item) if item else 0 for item in (old, new)))
    if table != SETTINGS.jobs_table:
        return base
    return base + sum(_index_units(index, old, new) for index in jobs_table()["GlobalSecondaryIndexes"])


def _index_units(index: Mapping[str, Any], old: Item, new: Item) -> int:
    keys = [key["AttributeName"] for key in index["KeySchema"]]
    kept = {"pk", "sk", *keys, *index["Projection"].get("NonKeyAttributes", ())}
    before, after = _entry(old, keys, kept), _entry(new, keys, kept)
    if before == after:
        return 0
    if before and after and any(before[key] != after[key] for key in keys):
        return write_units(item_size(before)) + write_units(item_size(after))
    return write_units(max(item_size(before), item_size(after)))


def _entry(item: Item, keys: list[str], kept: set[str]) -> dict[str, Any]:
    if item is None or not all(key in item for key in keys):
        return {}
    return {name: value for name, value in item.items() if name in kept}

"""Compute what DynamoDB would bill, from the items before and after each write; an emulator does not report it."""

import threading
from collections.abc import Mapping
from typing import Any

from botocore.session import get_session

from chalicelib.adapters.dynamo.tables import schema
from chalicelib.adapters.dynamo.tables.schema import CANARY
from chalicelib.adapters.dynamo.tables.sizes import item_size, write_units
from infra.definition.iam.calls import Recorder
from infra.local.roles.asked import attributes_of

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
Item = Mapping[str, Any]


class Meter(Recorder):
    """A recorder that also adds up write units, and keeps which attributes of jobs each function's updates name."""

    def __init__(self, stack: str, region: str) -> None:
        super().__init__(stack)
        self.units: dict[tuple[str, str], int] = {}
        """By acting function and table."""
        self.updated: dict[str, set[str]] = {}
        """Attributes of the jobs table that updates write or test, by acting function."""
        self._client: Any = get_session().create_client("dynamodb", region_name=region)
        self._open: dict[int, tuple[str, str, Item, Item]] = {}
        """The write of each thread that is not on the bill yet: jobs of a batch may run in several threads."""
        self._own = threading.local()

    def note(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        """See Recorder."""
        actor = self._actor
        if actor is None or getattr(self._own, "reading", False):
            return
        with self._lock:
            super().note(service, operation, params)
            if service == "dynamodb":  # requests to other services may be sent while a write is on its way
                self._settle(threading.get_ident())
            if operation == "BatchWriteItem":
                for table, asked in params["RequestItems"].items():
                    for item in (one["PutRequest"]["Item"] for one in asked):
                        before = self._read(table, {name: item[name] for name in ("pk", "sk")})
                        self._spend(actor, table, units(before, item, indexes_of(table)))
            if service == "dynamodb" and operation in WRITES:
                source = params.get("Key") or params["Item"]
                key = {name: source[name] for name in ("pk", "sk")}
                if key["sk"]["S"] == CANARY:
                    return  # it belongs to no job: `calculation.canaries` has its cost
                if operation == "UpdateItem" and params["TableName"].endswith("-jobs"):
                    self.updated.setdefault(actor, set()).update(attributes_of(params))
                same = [thread for thread, write in self._open.items() if write[1:3] == (params["TableName"], key)]
                for thread in same:
                    self._settle(thread)
                written = (actor, params["TableName"], key, self._read(params["TableName"], key))
                self._open[threading.get_ident()] = written

    def settle(self) -> None:
        """Add the writes that were made to the bill."""
        for thread in list(self._open):
            self._settle(thread)

    def _settle(self, thread: int) -> None:
        if thread not in self._open:
            return
        actor, table, key, before = self._open.pop(thread)
        self._spend(actor, table, units(before, self._read(table, key), indexes_of(table)))

    def _spend(self, actor: str, table: str, spent: int) -> None:
        self.units[actor, table] = self.units.get((actor, table), 0) + spent

    def _read(self, table: str, key: Item) -> Item:
        self._own.reading = True  # only of this thread: other threads' requests belong to their functions
        try:
            return dict(self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {}))
        finally:
            self._own.reading = False


def indexes_of(table: str) -> list[dict[str, Any]]:
    """Return the indexes of a table."""
    found = schema.jobs_table() if table.endswith("-jobs") else schema.control_table()
    indexes: list[dict[str, Any]] = found.get("GlobalSecondaryIndexes", [])
    return indexes


def units(before: Item, after: Item, indexes: list[dict[str, Any]]) -> int:
    """Return the write units of one write: for the larger version of the row, and for the changes of each index."""
    row = write_units(max(item_size(before), item_size(after)))
    return row + sum(index_units(before, after, index) for index in indexes)


def index_units(before: Item, after: Item, index: Mapping[str, Any]) -> int:
    keys = [key["AttributeName"] for key in index["KeySchema"]]
    projected = index["Projection"]
    whole = projected["ProjectionType"] == "ALL"
    kept = {*before, *after} if whole else {"pk", "sk", *keys, *projected.get("NonKeyAttributes", ())}
    old, new = ({name: item[name] for name in kept if name in item} for item in (before, after))
    there, stays = (all(name in entry for name in keys) for entry in (old, new))
    if not (there or stays) or (there and stays and old == new):
        return 0
    if there and stays and any(old[name] != new[name] for name in keys):
        return write_units(item_size(old)) + write_units(item_size(new))
    return write_units(max(item_size(old) if there else 0, item_size(new) if stays else 0))

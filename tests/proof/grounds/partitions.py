"""Answer queries for an empty partition of an index without the emulator; most of the watchdog's queries are such.

Seven of ten requests of an execution are such queries, because each run of the watchdog queries every partition.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from pynamodb.connection.base import BOTOCORE_EXCEPTIONS, Connection
from pynamodb.exceptions import QueryError

from chalicelib.adapters.dynamo.tables.binding import Table


@contextmanager
def empty_answered(before: Callable[[str], None], done: Callable[[str], None]) -> Iterator[None]:
    """Answer such queries directly within the block; `before` and `done` are called for each of them."""

    def query(self: Table, name: str, place: str, range_key_condition: Any = None, **asked: Any) -> dict[str, Any]:
        index = asked.get("index_name")
        if index is None or _is_full(self, index, place):
            return Connection.query(self, name, place, range_key_condition, **asked)
        try:
            before("Query")
        except BOTOCORE_EXCEPTIONS as error:
            raise QueryError(f"Failed to query items: {error}", error) from error
        done("Query")
        capacity = {"TableName": name, "CapacityUnits": 1.0}
        return {"Items": [], "Count": 0, "ScannedCount": 0, "ConsumedCapacity": capacity, "ResponseMetadata": {}}

    Table.query = query  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        del Table.query


def _is_full(table: Table, index_name: str, place: str) -> bool:
    emulated = dynamodb_backends[DEFAULT_ACCOUNT_ID][table.region].tables[table.name]
    return place in _places(emulated, table.get_meta_table(table.name).get_index_hash_keyname(index_name))


def _places(emulated: Any, key: str) -> Collection[str]:
    """Return the partitions of an index that have items; read again only after a write, which the stream records."""
    known, written = vars(emulated).setdefault("known_places", {}), emulated.stream_shard
    if written is None or key not in known or known[key][0] != len(written.items):
        # not `all_items`, which sorts the items
        found = (item.attrs.get(key) for items in emulated.items.values() for item in items.values())
        known[key] = written and len(written.items), {value.value for value in found if value is not None}
    places: Collection[str] = known[key][1]
    return places

"""Delete expired items from moto's tables as DynamoDB does, which moto never does; the stream says who deleted them."""

from typing import Any

from moto.dynamodb.models import dynamodb_backends

from infra.local.lambdas.specs import ACCOUNT, REGION

BY_TABLE = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
"""Who has deleted an item, in the stream's record of an item that has expired."""


def expire(now: float) -> int:
    """Delete the items of all tables that have expired at `now` (epoch seconds); return their number."""
    return sum(_expire(table, now) for table in list(dynamodb_backends[ACCOUNT][REGION].tables.values()))


def _expire(table: Any, now: float) -> int:
    if table.ttl.get("TimeToLiveStatus") != "ENABLED":
        return 0
    name = table.ttl["AttributeName"]
    groups = [found.values() if table.range_key_attr else (found,) for found in table.items.values()]
    over = [item for group in groups for item in group if _end(item, name) < now]
    for item in over:
        table.delete_item(item.hash_key, item.range_key)
        if table.stream_shard is not None:
            table.stream_shard.items[-1].record["userIdentity"] = BY_TABLE
    return len(over)


def _end(item: Any, name: str) -> float:
    value = item.attrs.get(name)
    return float(value.value) if value is not None and value.type == "N" else float("inf")

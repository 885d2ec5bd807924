"""Delete expired items as DynamoDB does; moto keeps them."""

from typing import Any

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.changed import TTL
from chalicelib.settings import Settings
from tests.stream_json import as_json
from tests.support import REGION, Clock


def expire(settings: Settings, clock: Clock) -> list[dict[str, Any]]:
    """Remove expired items from the jobs table; return the records that its stream then has, as Lambda passes them."""
    client = aws.client("dynamodb", REGION)
    told: list[dict[str, Any]] = []
    for page in client.get_paginator("scan").paginate(TableName=settings.jobs_table):
        for item in page["Items"]:
            if "expires_at" in item and float(item["expires_at"]["N"]) < clock.now:
                key = {name: item[name] for name in ("pk", "sk")}
                client.delete_item(TableName=settings.jobs_table, Key=key)
                told.append(removed_by_table(key, item, len(told)))
    return told


def removed_by_table(key: dict[str, Any], item: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """Return the record of an item that the table has removed."""
    return {
        "eventName": "REMOVE", "userIdentity": {"type": "Service", "principalId": TTL},
        "dynamodb": {"Keys": key, "OldImage": as_json(item), "SequenceNumber": f"{9_000 + number:021}"},
    }  # fmt: skip

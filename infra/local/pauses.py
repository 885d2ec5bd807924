"""Read requests of the API and the watchdog from the tables: paused job types, their probes, open bulk actions.

On a laptop, reading these rows replaces disabled event source mappings and invocations by the API and the watchdog.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.dynamo.jobs.clearings import CLEAR
from chalicelib.adapters.dynamo.jobs.shards import partition
from chalicelib.adapters.dynamo.tables.schema import AUTO_PAUSE
from chalicelib.counters.keys import BULK, ERASING_MARK, OPEN, PAUSE, SINCE, TOTALS
from chalicelib.jobs.listing import iso
from chalicelib.settings import SHARDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def paused_types(dynamodb: "DynamoDBClient", table: str) -> set[str] | None:
    """Return the names of the paused types; None if the table does not answer."""
    return _marked(dynamodb, table, PAUSE, SINCE)


def open_bulk_actions(dynamodb: "DynamoDBClient", table: str) -> set[str]:
    """Return the ids of unfinished bulk actions and erasures; none if the table does not answer."""
    return set().union(*(_marked(dynamodb, table, prefix, OPEN) or set() for prefix in (BULK, ERASING_MARK)))


def clearings_due(dynamodb: "DynamoDBClient", table: str, now: float) -> bool:
    """Return whether something of finished jobs is to be removed; False if the table does not answer."""
    try:
        return any(
            dynamodb.query(
                TableName=table, KeyConditionExpression="pk = :pk AND sk < :now", Limit=1,
                ExpressionAttributeValues={":pk": {"S": partition(CLEAR, shard)}, ":now": {"S": iso(now)}},
            )["Count"]
            for shard in range(SHARDS[0])
        )  # fmt: skip
    except (BotoCoreError, ClientError):
        return False


def probes(dynamodb: "DynamoDBClient", table: str, paused: Iterable[str]) -> dict[str, str]:
    """Return the messages of probes for these paused types, by type. Each message is returned only once."""
    return {name: body for name in paused if (body := _take_probe(dynamodb, table, name)) is not None}


def _take_probe(dynamodb: "DynamoDBClient", table: str, name: str) -> str | None:
    try:
        answer = dynamodb.update_item(
            TableName=table,
            Key={"pk": {"S": AUTO_PAUSE + name}, "sk": {"S": "STATE"}},
            UpdateExpression="REMOVE asked",
            ConditionExpression="attribute_exists(asked)",
            ReturnValues="ALL_OLD",
        )
    except (BotoCoreError, ClientError):
        return None  # usually there is no probe
    return answer["Attributes"]["asked"]["S"]


def _marked(dynamodb: "DynamoDBClient", table: str, prefix: str, mark: str) -> set[str] | None:
    try:
        answer = dynamodb.query(
            TableName=table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": TOTALS}, ":sk": {"S": prefix}},
            ConsistentRead=True,
        )
    except (BotoCoreError, ClientError):
        return None
    return {item["sk"]["S"].removeprefix(prefix) for item in answer["Items"] if mark in item}

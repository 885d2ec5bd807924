"""Read what the API asks for: which job types are paused, and whether bulk actions are open.

The laptop's stand-in for disabled event source mappings, and for an invocation of Lambda.
"""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.counters.keys import BULK, OPEN, PAUSE, SINCE, TOTALS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def paused_types(dynamodb: "DynamoDBClient", table: str) -> set[str] | None:
    """Return the names of the paused types; None when the table does not answer."""
    return _marked(dynamodb, table, PAUSE, SINCE)


def open_bulk_actions(dynamodb: "DynamoDBClient", table: str) -> set[str]:
    """Return the ids of the bulk actions that are not over; none when the table does not answer."""
    return _marked(dynamodb, table, BULK, OPEN) or set()


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

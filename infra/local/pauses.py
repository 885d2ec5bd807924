"""Read which job types the API has paused: the laptop's stand-in for a disabled event source mapping."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.counters.keys import PAUSE, SINCE, TOTALS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def paused_types(dynamodb: "DynamoDBClient", table: str) -> set[str] | None:
    """Return the names of the paused types; None when the table does not answer."""
    try:
        answer = dynamodb.query(
            TableName=table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": TOTALS}, ":sk": {"S": PAUSE}},
            ConsistentRead=True,
        )
    except (BotoCoreError, ClientError):
        return None
    return {item["sk"]["S"].removeprefix(PAUSE) for item in answer["Items"] if SINCE in item}

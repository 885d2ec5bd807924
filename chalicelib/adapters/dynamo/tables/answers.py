"""Recognise DynamoDB's refusals of writes."""

from typing import Any

from pynamodb.exceptions import PynamoDBException


def refused(error: PynamoDBException) -> bool:
    """Return whether a write failed because its condition did not hold."""
    return code_of(error) == "ConditionalCheckFailedException"


def code_of(error: PynamoDBException) -> str:
    """Return DynamoDB's code of an error; empty if no answer came."""
    return str(_told(error).get("Code", ""))


def message_of(error: PynamoDBException) -> str:
    """Return what DynamoDB said about an error; empty if no answer came."""
    return str(_told(error).get("Message", ""))


def _told(error: PynamoDBException) -> dict[str, Any]:
    # pynamodb's own properties raise AttributeError for a connection that was closed or timed out: botocore gives such
    # an error the response None.
    response = getattr(error.cause, "response", None) or {}
    told: dict[str, Any] = response.get("Error", {})
    return told

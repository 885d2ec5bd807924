"""Recognise DynamoDB's refusals of writes."""

from pynamodb.exceptions import PynamoDBException


def refused(error: PynamoDBException) -> bool:
    """Return whether a write failed because its condition did not hold."""
    return error.cause_response_code == "ConditionalCheckFailedException"

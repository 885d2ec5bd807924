"""Recognise DynamoDB's refusals of writes, in pynamodb's errors and in those of its client."""

from collections.abc import Callable
from typing import Any


def written(write: Callable[[], object]) -> bool:
    """Make a write; return False if its condition did not hold. Raises DynamoDB's other errors."""
    try:
        write()
    except Exception as error:
        if not refused(error):
            raise
        return False
    return True


def refused(error: Exception) -> bool:
    """Return whether a write failed because its condition did not hold."""
    return code_of(error) == "ConditionalCheckFailedException"


def code_of(error: Exception) -> str:
    """Return DynamoDB's code of an error; empty if no answer came."""
    return str(_told(error).get("Code", ""))


def message_of(error: Exception) -> str:
    """Return what DynamoDB said about an error; empty if no answer came."""
    return str(_told(error).get("Message", ""))


def _told(error: Exception) -> dict[str, Any]:
    # pynamodb's own properties raise AttributeError for a connection that was closed or timed out: botocore gives such
    # an error the response None.
    response = getattr(getattr(error, "cause", None) or error, "response", None) or {}
    told: dict[str, Any] = response.get("Error", {})
    return told

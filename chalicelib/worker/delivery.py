"""One message as SQS handed it to Lambda."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Delivery:
    """One received message."""

    message_id: str
    receipt: str
    body: str
    receive_count: int

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Delivery":
        """Return the message of a record of Lambda's SQS event."""
        count = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
        return cls(record["messageId"], record["receiptHandle"], record["body"], count)

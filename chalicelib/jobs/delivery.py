"""Hold one message as SQS delivered it to Lambda."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import MalformedMessage
from chalicelib.jobs.constants import UNKNOWN_SECONDS
from chalicelib.jobs.message import message_of_type
from chalicelib.jobs.port import Message


@dataclass(frozen=True, slots=True)
class Delivery:
    """One received message; `sent_at` is when SQS accepted it (epoch seconds; None: unknown)."""

    message_id: str
    receipt: str
    body: str
    receive_count: int
    sent_at: float | None = None
    group: str = ""
    """The message group: while one message of a group is in flight, a FIFO queue delivers no other message of the
    group."""
    queue: str = ""
    """The name of the queue that it came from; empty: unknown, or from none."""

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Delivery":
        """Return the message in a record of Lambda's SQS event."""
        told = record.get("attributes", {})
        count, sent = int(told.get("ApproximateReceiveCount", 1)), told.get("SentTimestamp")
        at, group = None if sent is None else int(sent) / 1000, str(told.get("MessageGroupId", ""))
        queue = record.get("eventSourceARN", "").rpartition(":")[2]
        return cls(record["messageId"], record["receiptHandle"], record["body"], count, at, group, queue)

    @property
    def probe(self) -> bool:
        """Return True if the message is in no queue: the watchdog sent it directly to the worker of a paused type."""
        return not self.receipt

    def young(self, now: float) -> bool:
        """Return whether its job may not be stored yet, at `now` (epoch seconds)."""
        return self.sent_at is None or now - self.sent_at <= UNKNOWN_SECONDS

    def named(self, job_type: str) -> Message | str:
        """Return the message for a log line, or a text with the queue's job type if the body cannot be read."""
        try:
            return message_of_type(self.body, job_type)
        except MalformedMessage:
            return job_type

"""Convert SQS messages to Lambda's event, and a function's answer to the messages to delete (pure).

Messages are as in SQS's JSON: binary values are base64 text.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from infra.local.lambdas.invocation import InvokeResult
from infra.local.lambdas.specs import QueueMapping

Message = Mapping[str, Any]


def sqs_event(messages: Iterable[Message], queue_arn: str) -> dict[str, Any]:
    """Return the event of a batch, in the shape of AWS's SQS event source mapping."""
    return {"Records": [_record(message, queue_arn) for message in messages]}


def to_delete(messages: list[Message], result: InvokeResult, mapping: QueueMapping) -> list[Message]:
    """Return the messages of a batch that Lambda deletes after `result`; the others become visible after their timeout.

    Without `report_batch_item_failures`, AWS never reads the answer: if the function returns, the whole batch has
    succeeded. With this setting, an answer that names an unknown item makes the whole batch fail.
    """
    if not result.ok:
        return []
    if not mapping.report_batch_item_failures:
        return messages
    failed = failed_identifiers(result.payload, {message["MessageId"] for message in messages})
    if failed is None:
        return []
    return [message for message in messages if message["MessageId"] not in failed]


def failed_identifiers(answer: Any, known: set[str]) -> set[str] | None:
    """Return the identifiers that an answer reports as failed; None if it is malformed or names an unknown item."""
    if answer is None:
        return set()
    if not isinstance(answer, dict):
        return None
    failures = answer.get("batchItemFailures") or []
    if not isinstance(failures, list):
        return None
    identifiers = [f.get("itemIdentifier") if isinstance(f, dict) else None for f in failures]
    placed = [identifier for identifier in identifiers if isinstance(identifier, str) and identifier in known]
    return set(placed) if len(placed) == len(identifiers) else None


def _record(message: Message, queue_arn: str) -> dict[str, Any]:
    attributes = {name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()}
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if attributes and "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    converted: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    if "StringValue" in value:
        converted["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        converted["binaryValue"] = value["BinaryValue"]
    return converted

"""Test SQS's unsuccessful answers: failed entries of a batch, lost receipts, malformed bodies."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters import aws
from chalicelib.jobs.port import Message
from tests.contract.conftest import TYPE, Line, SqsConsumer
from tests.support import REGION, requests_to

FailEntries = Callable[[str, set[str], str, str], None]


@pytest.fixture
def fail_entries(sqs: Line) -> Iterator[FailEntries]:
    """Make SQS answer that these entries of a batch failed, as when a part of SQS does not work."""
    events = aws.client("sqs", REGION).meta.events
    hooks: list[Any] = []

    def fail(operation: str, ids: set[str], code: str, message: str) -> None:
        def answer(parsed: dict[str, Any], **_: Any) -> None:
            parsed["Successful"] = [entry for entry in parsed.get("Successful", []) if entry["Id"] not in ids]
            parsed["Failed"] = [{"Id": i, "Code": code, "Message": message, "SenderFault": False} for i in sorted(ids)]

        hooks.append((f"after-call.sqs.{operation}", answer))
        events.register(*hooks[-1])

    yield fail
    for hook in hooks:
        events.unregister(*hook)


def sent(line: Line, number: int) -> list[str]:
    """Send and receive that many messages; return their receipts."""
    line.queue.send_many([Message(f"job-{n}", 1, TYPE) for n in range(number)])
    return [taken.receipt for taken in line.consumer.receive()]


def test_those_that_did_not_get_through_are_named(sqs: Line, fail_entries: FailEntries) -> None:
    messages = [Message(f"job-{n}", 1, TYPE) for n in range(4)]
    fail_entries("SendMessageBatch", {"1", "3"}, "InternalError", "try again")
    assert list(sqs.queue.send_many(messages)) == [messages[1], messages[3]]


def test_visibility_that_failed_in_the_batch_is_set_alone(sqs: Line, fail_entries: FailEntries) -> None:
    receipts = sent(sqs, 3)
    fail_entries("ChangeMessageVisibilityBatch", {"2"}, "InternalError", "try again")
    with requests_to("sqs") as asked:
        sqs.queue.set_visibility(TYPE, receipts, 0)
    assert asked == ["ChangeMessageVisibilityBatch", "ChangeMessageVisibility"]
    assert len(sqs.consumer.receive()) == 3


def test_a_batch_is_one_request_and_a_single_one_too(sqs: Line) -> None:
    receipts = sent(sqs, 3)
    with requests_to("sqs") as asked:
        sqs.queue.set_visibility(TYPE, receipts, 9)
        sqs.queue.set_visibility(TYPE, receipts[:1], 9)
    assert asked == ["ChangeMessageVisibilityBatch", "ChangeMessageVisibility"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ReceiptHandleIsInvalid", "The input receipt handle is invalid."),
        ("AWS.SimpleQueueService.MessageNotInflight", "The message referred to isn't in flight."),
        ("InvalidParameterValue", "Value … for parameter ReceiptHandle is invalid. Reason: Message does not exist."),
    ],
)
def test_a_receipt_that_somebody_else_holds_now_is_no_error(sqs: Line, code: str, message: str) -> None:
    (receipt,) = sent(sqs, 1)

    def refuse(http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
        http_response.status_code = 400
        parsed["Error"] = {"Code": code, "Message": message}

    events = aws.client("sqs", REGION).meta.events
    for operation in ("ChangeMessageVisibility", "DeleteMessage"):
        events.register(f"after-call.sqs.{operation}", refuse)
    try:
        sqs.queue.set_visibility(TYPE, [receipt], 9)
    finally:
        for operation in ("ChangeMessageVisibility", "DeleteMessage"):
            events.unregister(f"after-call.sqs.{operation}", refuse)


def test_a_queue_that_is_not_there_is_an_error(sqs: Line) -> None:
    for ask in (
        lambda: sqs.queue.send(Message("job-1", 1, "no.such")),
        lambda: sqs.queue.set_visibility("no.such", ["receipt"], 9),
        lambda: sqs.queue.depth("no.such"),
        lambda: sqs.queue.peek_dead("no.such", 10),
        lambda: sqs.queue.delete_dead("no.such", ["receipt"]),
    ):
        with pytest.raises(ClientError, match="exist"):
            ask()


def test_a_dead_letter_that_is_no_message_is_shown_as_none(sqs: Line) -> None:
    consumer = sqs.consumer
    assert isinstance(consumer, SqsConsumer)
    consumer.client.send_message(QueueUrl=f"{consumer.url}-dlq", MessageBody="not json")
    (letter,) = sqs.queue.peek_dead(TYPE, 1)
    assert letter.message is None


def test_a_letter_that_could_not_be_removed_together_is_removed_alone(sqs: Line, fail_entries: FailEntries) -> None:
    consumer = sqs.consumer
    assert isinstance(consumer, SqsConsumer)
    consumer.client.send_message(QueueUrl=f"{consumer.url}-dlq", MessageBody="not json")
    (letter,) = sqs.queue.peek_dead(TYPE, 1)
    fail_entries("DeleteMessageBatch", {"0"}, "InternalError", "try again")
    with requests_to("sqs") as asked:
        sqs.queue.delete_dead(TYPE, [letter.receipt])
    assert asked == ["DeleteMessageBatch", "DeleteMessage"]
    assert sqs.queue.depth(TYPE).dead == 0

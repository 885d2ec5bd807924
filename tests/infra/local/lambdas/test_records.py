"""Test what a function's answer means for the messages of a batch: AWS's rules for partial responses."""

from typing import Any

import pytest

from infra.local.lambdas.events.records import sqs_event, to_delete
from infra.local.lambdas.invocation import InvokeResult
from infra.local.lambdas.specs import QueueMapping

ARN = "arn:aws:sqs:eu-west-1:123456789012:q"
MESSAGES = [{"MessageId": name, "ReceiptHandle": f"r-{name}", "Body": name, "MD5OfBody": "0"} for name in "abc"]


def mapping(*, flag: bool) -> QueueMapping:
    return QueueMapping("f", "url", ARN, report_batch_item_failures=flag)


def deleted(answer: Any, *, flag: bool = True, ok: bool = True) -> str:
    result = InvokeResult(ok, "id", payload=answer)
    return "".join(message["MessageId"] for message in to_delete(list(MESSAGES), result, mapping(flag=flag)))


def failures(*identifiers: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


EMPTY: list[Any] = [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}]
UNPLACED: list[Any] = [
    failures("x"), failures("a", ""), failures(None), failures(["a"]), {"batchItemFailures": [{"messageId": "a"}]},
    {"batchItemFailures": ["a"]}, {"batchItemFailures": "a"}, "a", [], 7,
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        *((answer, "abc") for answer in EMPTY),
        *((answer, "") for answer in UNPLACED),
        (failures("b"), "ac"),
        (failures("a", "a"), "bc"),
    ],
)
def test_what_is_deleted_follows_from_the_answer(answer: Any, wanted: str) -> None:
    assert deleted(answer) == wanted
    assert deleted(answer, flag=False) == "abc", "without the flag every return deletes everything"


@pytest.mark.parametrize("flag", [True, False])
def test_an_error_deletes_nothing(flag: bool) -> None:
    assert deleted(None, flag=flag, ok=False) == ""


def test_a_record_holds_attributes_of_both_kinds_and_its_region() -> None:
    attributes = {
        "text": {"DataType": "String", "StringValue": "x"},
        "bytes": {"DataType": "Binary", "BinaryValue": "AAE="},
    }
    (record,) = sqs_event([{**MESSAGES[0], "MessageAttributes": attributes, "MD5OfMessageAttributes": "abc"}], ARN)[
        "Records"
    ]
    assert record["messageAttributes"] == {
        "text": {"stringValue": "x", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
        "bytes": {"binaryValue": "AAE=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    }
    assert (record["md5OfMessageAttributes"], record["awsRegion"]) == ("abc", "eu-west-1")

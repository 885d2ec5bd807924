"""Check that the indexed queue behaves like stock moto's, except for a list of differences.

Both get the same random calls, on the same clock.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local.emulator.repairs import sqs_queue
from infra.local.emulator.repairs.patching import Replacements
from tests.emulated import emulated
from tests.infra.local.emulator.support import make_queue, receive

STEPS = 250
MAX_RECEIVES = 2
ATTRIBUTES: Any = {
    "kind": {"DataType": "String", "StringValue": "x"},
    "raw": {"DataType": "Binary", "BinaryValue": b"\x01"},
}
COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "VisibilityTimeout", "QueueArn"]
MORE_COUNTS = ("ApproximateNumberOfMessagesNotVisible", "RedrivePolicy", "NoSuchName", "All")

NEVER_GIVEN = "never given"
UNLIKE_SQS = {("delete", "ReceiptHandleIsInvalid"): "deleted"}
"""The answers of stock moto to a step, and those of SQS. Stock moto refuses a handle once its message is in the
dead-letter queue, but SQS accepts a handle that it gave earlier:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html"""


class Now:
    """A clock that does not move between the steps of a test."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


@contextmanager
def stock(clock: Callable[[], float]) -> Iterator[None]:
    """Stock moto, with this clock."""
    with mock_aws(), Replacements() as replacements:
        sqs_queue.set_clock(replacements, clock)
        yield


@contextmanager
def repaired(clock: Callable[[], float]) -> Iterator[None]:
    with emulated(clock):
        yield


class Story:
    """Random steps with a queue and its dead-letter queue, and the results.

    A handle is identified by the time when it was given.
    """

    def __init__(self, seed: int, now: Now) -> None:
        self.random = random.Random(seed)
        self.now = now
        self.sqs: Any = boto3.client("sqs", region_name="us-east-1")
        self.dead = make_queue(self.sqs, "dead")
        arn = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": {MAX_RECEIVES}}}'
        self.live = make_queue(self.sqs, "live", RedrivePolicy=policy, VisibilityTimeout="20")
        self.handles: list[tuple[str, str]] = []
        self.sent = 0
        # at most one group: among several, the indexed queue takes turns, and stock moto keeps the order
        self.group: Any = {"MessageGroupId": "acme"} if seed % 2 else {}

    def send(self) -> Any:
        self.sent += 1
        delay = self.random.choice([0, 0, 5])
        answer = self.sqs.send_message(
            QueueUrl=self.live, MessageBody=str(self.sent), DelaySeconds=delay, MessageAttributes=ATTRIBUTES,
            **self.group,
        )  # fmt: skip
        return answer["MD5OfMessageBody"], answer["MD5OfMessageAttributes"]

    def send_batch(self) -> Any:
        entries = [{"Id": str(number), "MessageBody": f"batch {number}", **self.group} for number in range(3)]
        entries[0]["DelaySeconds"] = self.random.choice([0, 901])
        answer = self.sqs.send_message_batch(QueueUrl=self.live, Entries=entries)
        return [entry["Id"] for entry in answer.get("Successful", [])], answer.get("Failed")

    def receive(self) -> Any:
        url = self.live if self.random.random() < 0.9 else self.dead
        messages = receive(self.sqs, url, self.random.choice([1, 3, 10]))
        self.handles += [(url, message["ReceiptHandle"]) for message in messages]
        return [(message["Body"], message["Attributes"], message["MD5OfBody"]) for message in messages]

    def delete(self) -> Any:
        """Delete with a handle that was given earlier."""
        url, handle = self.random.choice(self.handles)
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        return "deleted"

    def delete_unknown(self) -> Any:
        """Delete with a handle that no queue ever gave."""
        self.sqs.delete_message(QueueUrl=self.live, ReceiptHandle=NEVER_GIVEN)
        return "deleted"

    def delete_batch(self) -> Any:
        """Delete with several earlier handles, each identified as in `delete`, and with one that was never given."""
        given = dict.fromkeys(handle for url, handle in self.handles[-6:] if url == self.live)
        entries = [{"Id": f"delete-{number}", "ReceiptHandle": handle} for number, handle in enumerate(given)]
        entries.append({"Id": "delete_unknown", "ReceiptHandle": NEVER_GIVEN})
        answer = self.sqs.delete_message_batch(QueueUrl=self.live, Entries=entries)
        told = [(entry["Id"], "deleted") for entry in answer.get("Successful", [])]
        told += [(entry["Id"], entry["Code"]) for entry in answer.get("Failed", [])]
        return [(name.partition("-")[0], outcome) for name, outcome in sorted(told)]

    def change_visibility(self) -> Any:
        url, handle = self.random.choice(self.handles)
        seconds = self.random.choice([0, 7, 30, 43_200])
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=seconds)
        return seconds

    def count(self) -> Any:
        names = [*COUNTS, self.random.choice(MORE_COUNTS)]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.live, AttributeNames=names)
        return sorted(answer["Attributes"].items())

    def wait(self) -> Any:
        self.now.seconds += self.random.choice([0.7, 3.3, 11.9])
        return "waited"

    def told(self) -> Iterator[Any]:
        steps = [self.send] * 3 + [self.send_batch, self.delete_batch] + [self.receive, self.change_visibility] * 2
        steps += [self.delete, self.wait] * 3 + [self.delete_unknown, self.count]
        for _ in range(STEPS):
            step = self.random.choice(steps if self.handles else [self.send, self.receive])
            self.now.seconds += 0.001  # stock moto hides a message at the very instant at which it becomes visible
            try:
                yield step.__name__, step()
            except ClientError as error:
                yield step.__name__, error.response["Error"]["Code"]


def story(world: Callable[[Callable[[], float]], Any], seed: int) -> list[Any]:
    now = Now()
    with world(now):
        return list(Story(seed, now).told())


def as_documented(told: tuple[str, Any]) -> tuple[str, Any]:
    """Return what SQS answers where stock moto answers something else."""
    step, answer = told
    if step == "delete_batch":
        return step, [as_documented(entry) for entry in answer]
    return step, UNLIKE_SQS.get((step, answer), answer) if isinstance(answer, str) else answer


@pytest.mark.parametrize("seed", range(3))
def test_a_queue_tells_the_same_story_as_stock_moto(seed: int) -> None:
    ours, theirs = story(repaired, seed), story(stock, seed)
    assert sum(len(told) for step, told in theirs if step == "receive") > 50, "too few messages to compare"
    expected = [as_documented(told) for told in theirs]
    assert ours == expected
    assert theirs != expected, "stock moto now answers as SQS does: take the difference out of the list"

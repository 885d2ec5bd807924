"""Check that the indexed FIFO queue behaves like stock moto's, with the same random calls to both.

Separate tests cover the differences between stock moto and SQS.
"""

import json
import random
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.emulated import emulated
from tests.infra.local.emulator.support import make_queue, receive
from tests.infra.local.emulator.test_same_queue import MAX_RECEIVES, Now, Story, as_documented, repaired, stock

RANDOM = "SequenceNumber"
FIFO = {"FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}


class FifoStory(Story):
    """Random steps with a FIFO queue and its dead-letter queue.

    Each receive returns one message: if several messages of a group are in flight, stock moto may change their order.
    """

    def __init__(self, seed: int, now: Now) -> None:
        self.random = random.Random(seed)
        self.now = now
        self.sqs: Any = boto3.client("sqs", region_name="us-east-1")
        self.dead = make_queue(self.sqs, "dead.fifo", **FIFO)
        arn = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES})
        self.live = make_queue(self.sqs, "live.fifo", RedrivePolicy=policy, VisibilityTimeout="20", **FIFO)
        self.handles: list[tuple[str, str]] = []
        self.sent = 0

    def fields(self) -> Any:
        self.sent += 1
        group = self.random.choice(["a", "b"])
        return {"MessageBody": str(self.sent), "MessageGroupId": group, "MessageDeduplicationId": str(self.sent)}

    def send(self) -> Any:
        return self.sqs.send_message(QueueUrl=self.live, **self.fields())["MD5OfMessageBody"]

    def send_batch(self) -> Any:
        entries = [{"Id": str(number), **self.fields()} for number in range(3)]
        answer = self.sqs.send_message_batch(QueueUrl=self.live, Entries=entries)
        return [entry["Id"] for entry in answer["Successful"]]

    def receive(self) -> Any:
        url = self.live if self.random.random() < 0.9 else self.dead
        messages = receive(self.sqs, url, 1)
        self.handles += [(url, message["ReceiptHandle"]) for message in messages]
        for message in messages:
            del message["Attributes"][RANDOM]
        return [(message["Body"], message["Attributes"]) for message in messages]


def story(world: Callable[[Callable[[], float]], Any], seed: int) -> list[Any]:
    now = Now()
    with world(now):
        return list(FifoStory(seed, now).told())


@pytest.mark.parametrize("seed", range(3))
def test_a_fifo_queue_tells_the_same_story_as_stock_moto(seed: int) -> None:
    ours, theirs = story(repaired, seed), story(stock, seed)
    received = [told for step, told in theirs if step == "receive" and told]
    assert len(received) > 15, "too few messages to compare"
    assert ours == [as_documented(told) for told in theirs]


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def sqs(now: Now) -> Any:
    with emulated(now):
        yield boto3.client("sqs", region_name="us-east-1")


def send(sqs: Any, url: str, body: str, group: str = "a", identity: str = "") -> str:
    answer = sqs.send_message(
        QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=identity or body
    )
    return str(answer["MessageId"])


def bodies(sqs: Any, url: str, count: int = 10) -> list[str]:
    return [message["Body"] for message in receive(sqs, url, count)]


def test_sent_twice_within_five_minutes_is_sent_once_also_when_the_first_is_deleted(sqs: Any, now: Now) -> None:
    url = make_queue(sqs, "q.fifo", **FIFO)
    first = send(sqs, url, "first", identity="1")
    (message,) = receive(sqs, url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    now.seconds += 299
    assert send(sqs, url, "again", identity="1") == first
    assert bodies(sqs, url) == []
    assert send(sqs, url, "other", group="b", identity="1") != first, "ids are of their group"
    now.seconds += 1
    assert send(sqs, url, "later", identity="1") != first
    assert sorted(bodies(sqs, url)) == ["later", "other"]


def test_several_of_a_group_come_together_and_again_in_their_order(sqs: Any, now: Now) -> None:
    url = make_queue(sqs, "q.fifo", VisibilityTimeout="20", **FIFO)
    for body in ("1", "2", "3"):
        send(sqs, url, body)
    assert bodies(sqs, url, 2) == ["1", "2"]
    assert bodies(sqs, url) == []
    now.seconds += 21
    assert bodies(sqs, url) == ["1", "2", "3"]


def test_the_group_goes_on_when_its_first_message_is_a_dead_letter(sqs: Any, now: Now) -> None:
    dead = make_queue(sqs, "dead.fifo", **FIFO)
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    url = make_queue(sqs, "q.fifo", VisibilityTimeout="20", RedrivePolicy=policy, **FIFO)
    for body in ("1", "2"):
        send(sqs, url, body)
    assert bodies(sqs, url, 1) == ["1"]
    now.seconds += 21
    assert bodies(sqs, url) == ["2"]
    (letter,) = receive(sqs, dead)
    assert (letter["Body"], letter["Attributes"]["MessageGroupId"]) == ("1", "a")

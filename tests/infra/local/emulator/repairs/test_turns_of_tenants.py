"""Tenants take turns on a queue, as with the fair queues of SQS: a long backlog of one holds up no other."""

from typing import Any

import boto3
from moto.sqs.models import sqs_backends

from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from infra.local.emulator.inprocess import emulated
from tests.infra.local.emulator.support import make_queue, receive
from tests.support import REGION, SETTINGS, Clock

TYPE = "test.fair"
BACKLOG = 10_000


def flood(many: list[Message]) -> None:
    """Put messages on the queue as a request for each would, in a tenth of the time."""
    backend = sqs_backends["123456789012"][REGION]
    for message in many:
        backend.send_message("test-test-fair", write_message(message), group_id=message.group)


def messages(tenant: str, number: int) -> list[Message]:
    return [Message(f"{tenant}-{n}", 1, TYPE, group=tenant) for n in range(number)]


def test_behind_ten_thousand_jobs_of_one_tenant_another_ones_are_among_the_next_twenty() -> None:
    clock = Clock()
    with emulated(clock):
        sqs: Any = boto3.client("sqs", region_name=REGION)
        url = make_queue(sqs, "test-test-fair", VisibilityTimeout="60")
        flood(messages("noisy", BACKLOG))
        assert len(receive(sqs, url)) == 10
        SqsJobQueue(SETTINGS).send_many(messages("quiet", 3))
        taken = [message["Attributes"]["MessageGroupId"] for _ in range(2) for message in receive(sqs, url)]
        depth = queue_depth(sqs, url)
    assert len(taken) == 20
    assert taken.count("quiet") == 3
    assert taken.index("quiet") < 3
    assert depth == BACKLOG + 3 - 30


def queue_depth(sqs: Any, url: str) -> int:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])

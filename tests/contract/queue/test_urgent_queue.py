"""Check the urgent queue of a type: its messages, their visibility, the depth of both queues, the dead letters."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.port import Depth, Message
from tests.chalicelib.api.support import Note, only_types
from tests.contract.conftest import MAX_RECEIVES, TYPE, VISIBILITY, Consumer, Line, SqsConsumer, Taken
from tests.support import REGION, Clock

SECOND = f"{TYPE}-urgent"


def message(number: int = 1, *, urgent: bool = True) -> Message:
    return Message(f"job-{number}", 1, TYPE, urgent=urgent)


class MemoryConsumer:
    """Consumes the urgent queue in memory."""

    def __init__(self, queue: MemoryJobQueue) -> None:
        self.queue = queue

    def receive(self, most: int = 10) -> Sequence[Taken]:
        return [Taken(m.message, m.receipt, m.receive_count) for m in self.queue.receive(SECOND, most)]

    def delete(self, receipt: str) -> None:
        self.queue.delete(SECOND, receipt)


@pytest.fixture(autouse=True)
def _type() -> Iterator[None]:
    with only_types(JobType(TYPE, lambda _payload, _ctx: None, Note, urgent=True)):
        yield


def second_in_sqs(first: str) -> SqsConsumer:
    """Create the urgent queue with the settings of the type's own queue, as in the template."""
    client = aws.client("sqs", REGION)
    asked = client.get_queue_attributes(QueueUrl=first, AttributeNames=["VisibilityTimeout", "RedrivePolicy"])
    told = {name: value if isinstance(value, str) else json.dumps(value) for name, value in asked["Attributes"].items()}
    return SqsConsumer(client, client.create_queue(QueueName="test-email-send-urgent", Attributes=told)["QueueUrl"])


@pytest.fixture
def second(line: Line) -> Consumer:
    if isinstance(line.queue, SqsJobQueue):
        assert isinstance(line.consumer, SqsConsumer)
        return second_in_sqs(line.consumer.url)
    assert isinstance(line.queue, MemoryJobQueue)
    return MemoryConsumer(line.queue)


def test_an_urgent_message_is_in_the_urgent_queue_and_others_are_not(line: Line, second: Consumer) -> None:
    line.queue.send(message(1))
    line.queue.send(message(2, urgent=False))
    line.queue.send_many([message(3), message(4)])
    assert line.queue.depth(TYPE) == Depth(visible=4)
    assert sorted(taken.message.id for taken in second.receive()) == ["job-1", "job-3", "job-4"]
    assert [taken.message.id for taken in line.consumer.receive()] == ["job-2"]
    assert line.queue.depth(TYPE) == Depth(in_flight=4)


def test_its_visibility_is_changed_by_its_own_key(line: Line, second: Consumer, clock: Clock) -> None:
    line.queue.send_many([message(1), message(2)])
    taken = second.receive()
    line.queue.set_visibility(SECOND, [one.receipt for one in taken], 0)
    again = second.receive()
    assert len(again) == 2
    line.queue.set_visibility(SECOND, [again[0].receipt], 10)
    clock.now += 11
    assert [one.message.id for one in second.receive()] == [again[0].message.id]


def test_its_dead_letters_are_those_of_the_type(line: Line, second: Consumer, clock: Clock) -> None:
    line.queue.send(replace(message(), cid="c"))
    for _ in range(MAX_RECEIVES):
        assert len(second.receive()) == 1
        clock.now += VISIBILITY + 1
    assert second.receive() == []
    assert line.queue.depth(TYPE) == Depth(dead=1)
    (dead,) = line.queue.peek_dead(TYPE, 10)
    assert dead.message == Message("job-1", 1, TYPE, "c")
    line.queue.delete_dead(TYPE, [dead.receipt])
    assert line.queue.depth(TYPE) == Depth()

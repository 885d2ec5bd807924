"""Provide each port with each of its adapters, so that one suite runs over all of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from botocore.exceptions import ReadTimeoutError
from moto.core.models import botocore_stubber

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.control.rate_windows import DynamoRateWindows
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore, MemoryRateWindows
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.jobs.message import parse_message
from chalicelib.jobs.port import JobQueue, JobStore, Message
from chalicelib.settings import Settings
from infra.definition.data.queues import FIFO
from tests.support import REGION, Clock

TYPE = "email.send"
VISIBILITY = 360
MAX_RECEIVES = 5
GROUP: Any = "MessageGroupId"


@pytest.fixture
def memory_store(clock: Clock) -> MemoryJobStore:
    return MemoryJobStore(clock)


@pytest.fixture
def dynamo_store(cloud: Settings, clock: Clock) -> DynamoJobStore:
    return DynamoJobStore(cloud, clock, lambda: ["email.send", "image.process"])


@pytest.fixture(params=["memory_store", "dynamo_store"], ids=["memory", "dynamo"])
def store(request: pytest.FixtureRequest) -> JobStore:
    found: JobStore = request.getfixturevalue(request.param)
    return found


def either(memory: Callable[[], Any], dynamo: Callable[[Settings], Any]) -> Any:
    """Return a fixture with the in-memory adapter, and then with the adapter over DynamoDB."""

    @pytest.fixture(params=["memory", "dynamo"])
    def made(request: pytest.FixtureRequest) -> Any:
        return memory() if request.param == "memory" else dynamo(request.getfixturevalue("cloud"))

    return made


windows = either(MemoryRateWindows, DynamoRateWindows)
rows = either(MemoryCounters, DynamoCounters)
Rows = MemoryCounters | DynamoCounters
LoseReply = Callable[[str], list[str]]


@pytest.fixture
def lose_reply(cloud: Settings) -> Iterator[LoseReply]:
    """Lose the next reply of an operation, after the table has done the work; return what was lost."""
    events = aws.client("dynamodb", REGION).meta.events
    handlers: list[Any] = []

    def arm(operation: str) -> list[str]:
        lost: list[str] = []

        def lose(request: Any, event_name: str, **more: Any) -> None:
            if not lost:
                lost.append(event_name)
                botocore_stubber(event_name=event_name, request=request, **more)
                raise ReadTimeoutError(endpoint_url=request.url)

        handlers.append((f"before-send.dynamodb.{operation}", lose))
        events.register_first(*handlers[-1])
        return lost

    yield arm
    for name, handler in handlers:
        events.unregister(name, handler)


@dataclass(frozen=True)
class Taken:
    """A received message."""

    message: Message
    receipt: str
    receive_count: int
    group: str | None = None


class Consumer(Protocol):
    """The consumer's side of a queue."""

    def receive(self, most: int = 10) -> Sequence[Taken]: ...

    def delete(self, receipt: str) -> None: ...


@dataclass(frozen=True)
class MemoryConsumer:
    """Consumes a memory queue."""

    queue: MemoryJobQueue

    def receive(self, most: int = 10) -> Sequence[Taken]:
        return [Taken(m.message, m.receipt, m.receive_count, m.group) for m in self.queue.receive(TYPE, most)]

    def delete(self, receipt: str) -> None:
        self.queue.delete(TYPE, receipt)


@dataclass(frozen=True)
class SqsConsumer:
    """Consumes an SQS queue."""

    client: Any
    url: str

    def receive(self, most: int = 10) -> Sequence[Taken]:
        answer = self.client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=most, MessageSystemAttributeNames=["All"]
        )
        return [
            Taken(parse_message(m["Body"]), m["ReceiptHandle"], int(told["ApproximateReceiveCount"]), told.get(GROUP))
            for m in answer.get("Messages", [])
            for told in [m["Attributes"]]
        ]

    def delete(self, receipt: str) -> None:
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)


@dataclass(frozen=True)
class Line:
    """A queue and its consumer."""

    queue: JobQueue
    consumer: Consumer


@pytest.fixture
def serial() -> bool:
    """Return whether the jobs of the type run one at a time for a key."""
    return False


@pytest.fixture
def sqs(cloud: Settings, serial: bool) -> Line:
    """The queue of a job type with its dead-letter queue, as in the template."""
    client, end = aws.client("sqs", REGION), ".fifo" if serial else ""
    own = {name: str(value) for name, value in FIFO.items()} if serial else {}
    dead = client.create_queue(QueueName=f"test-email-send-dlq{end}", Attributes=own)["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{MAX_RECEIVES}}}'
    attributes = {"VisibilityTimeout": str(VISIBILITY), "RedrivePolicy": redrive, **own}
    url = client.create_queue(QueueName=f"test-email-send{end}", Attributes=attributes)["QueueUrl"]
    return Line(SqsJobQueue(cloud, lambda _: serial), SqsConsumer(client, url))


@pytest.fixture(params=["memory", "sqs"])
def line(request: pytest.FixtureRequest, clock: Clock, serial: bool) -> Line:
    if request.param == "memory":
        queue = MemoryJobQueue(clock, VISIBILITY, serial=lambda _: serial)
        return Line(queue, MemoryConsumer(queue))
    found: Line = request.getfixturevalue("sqs")
    return found

"""Provide a service with real runtime processes, over a real emulator process."""

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.emulator.processes.child import Emulator
from infra.local.lambdas.clients import session
from infra.local.lambdas.events.sources import EventSources, Mapped
from infra.local.lambdas.logs import LogLine
from infra.local.lambdas.service import LambdaService
from infra.local.lambdas.specs import FunctionSpec, QueueMapping

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FUNCTIONS = Path(__file__).with_name("functions")
BOUND_SECONDS = 120.0


def until(condition: Callable[[], Any]) -> Any:
    """Wait for a condition and return its result; fail after a time that no healthy run needs."""
    end = time.monotonic() + BOUND_SECONDS
    while not (value := condition()):
        assert time.monotonic() < end, "the condition was not met"
        time.sleep(0.01)
    return value


def alive(pid: int) -> bool:
    """Return whether a process exists and is not a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


@dataclass
class Lines:
    """A sink that keeps all lines."""

    seen: list[LogLine] = field(default_factory=list)

    def __call__(self, line: LogLine) -> None:
        self.seen.append(line)

    def messages(self) -> list[str]:
        """Return the text of every line."""
        return [line.message for line in self.seen]

    def said(self, key: str) -> list[Any]:
        """Return the values of `key` in the JSON lines that functions printed."""
        parsed = [json.loads(line.message) for line in self.seen if line.message.startswith("{")]
        return [document[key] for document in parsed if key in document]


@dataclass(frozen=True)
class Queue:
    """A queue of the emulator."""

    sqs: "SQSClient"
    url: str
    arn: str

    def send(self, *bodies: str) -> None:
        """Send messages, each with one attribute."""
        for body in bodies:
            attributes: Any = {"kind": {"DataType": "String", "StringValue": "test"}}
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, MessageAttributes=attributes)

    def depth(self) -> int:
        """Return the number of messages in the queue, visible or not."""
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        counts = [int(value) for name, value in attributes.items() if name.startswith("ApproximateNumberOfMessages")]
        return sum(counts)

    def feeds(self, function: str, **options: Any) -> QueueMapping:
        """Return a mapping from this queue to a function."""
        return QueueMapping(function, self.url, self.arn, **options)


@dataclass(frozen=True)
class Stage:
    """Everything a test of event sources needs."""

    emulator: Emulator
    service: LambdaService
    sources: EventSources
    lines: Lines
    sqs: "SQSClient"
    mappings: list[Mapped] = field(default_factory=list)

    def add(self, mapping: Mapped) -> None:
        """Start one more source."""
        self.mappings.append(mapping)
        self.sources.replace(self.mappings)

    def function(self, handler: str, **options: Any) -> str:
        """Register a function; return its name."""
        name = f"f-{uuid.uuid4().hex[:8]}"
        self.service.register(FunctionSpec(name, handler, **options))
        return name

    def queue(self, *, visibility: int = 30, dead_letters: Queue | None = None, receives: int = 2) -> Queue:
        """Create a queue. `visibility` in seconds; `receives` is maxReceiveCount."""
        attributes: Any = {"VisibilityTimeout": str(visibility)}
        if dead_letters:
            policy = {"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": receives}
            attributes["RedrivePolicy"] = json.dumps(policy)
        name = f"q-{uuid.uuid4().hex[:8]}"
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return Queue(self.sqs, url, f"arn:aws:sqs:us-east-1:123456789012:{name}")


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator.start(log_path=tmp_path_factory.mktemp("emulator") / "log") as running:
        yield running


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def service(lines: Lines) -> Iterator[LambdaService]:
    with LambdaService(FUNCTIONS, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, lines) as running:
        yield running


@pytest.fixture
def stage(emulator: Emulator, lines: Lines) -> Iterator[Stage]:
    aws = emulator.environment()
    sqs = session(aws).client("sqs")
    with LambdaService(FUNCTIONS, aws, lines) as running, EventSources(running, aws) as sources:
        yield Stage(emulator, running, sources, lines, sqs)
    sqs.close()

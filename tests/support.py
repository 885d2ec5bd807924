"""Provide what tests of every kind use: a clock, a job, an AWS with our tables, and a record of the requests to it."""

import io
import json
import logging
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.tables import schema
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queue import name_in_aws
from chalicelib.jobs.job import Job, Status
from chalicelib.settings import Settings
from chalicelib.telemetry.logger import logger
from jobflow.testing import clock as kit

__all__ = [
    "BUILT_IN", "PYTEST", "REGION", "SETTINGS", "T0", "Clock", "Invocation", "a_job", "built_in", "create_stores",
    "requests_to", "sqs_record", "written",
]  # fmt: skip

T0 = 1_800_000_000.0
"""The time at which tests begin, in seconds since the epoch: 2027-01-15T08:00:00Z."""
REGION = "us-east-1"
SETTINGS = Settings.from_env(
    {
        "AWS_REGION": REGION,
        "JOBS_TABLE": "test-jobs",
        "CONTROL_TABLE": "test-control",
        "FILES_BUCKET": "test-files",
        "QUEUE_URL_PREFIX": f"https://sqs.{REGION}.amazonaws.com/123456789012/test-",
    }
)


@dataclass
class Clock(kit.Clock):
    """The test kit's clock, which begins at a fixed time here, and may show parts of a millisecond like a real one."""

    now: float = T0

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def after(self, seconds: float) -> float:
        """Return the time that many seconds from now."""
        return self.now + seconds


PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:schemathesis")
"""Run pytest in a separate process, as this project does: without a plugin that takes half of the start time."""
BUILT_IN = frozenset({"email.send", "image.process", "report.generate"})
NOT_OF_CREATE_TABLE = frozenset({"PointInTimeRecoverySpecification", "TimeToLiveSpecification", "StreamSpecification"})


def built_in() -> list[JobType[Any, Any]]:
    """Return the job types of this repository, whose numbers and requests the tests contain."""
    return [kind for kind in jobtype.load() if kind.name in BUILT_IN]


@contextmanager
def written(level: str = "INFO") -> Iterator[list[dict[str, Any]]]:
    """Return the log lines of the block; they are complete when it has ended."""
    buffer, log, lines = io.StringIO(), logger(), list[dict[str, Any]]()
    handler = next(h for h in logging.getLogger(log.service).handlers if isinstance(h, logging.StreamHandler))
    before, level_before = handler.setStream(buffer), log.log_level
    log.setLevel(level)
    try:
        yield lines
    finally:
        handler.setStream(before)
        log.setLevel(level_before)
        lines += [json.loads(line) for line in buffer.getvalue().splitlines()]


class Now(Protocol):
    """A clock that a test sets, or one that runs (`VirtualTime`): epoch seconds."""

    now: float


@dataclass
class Invocation:
    """Lambda's context: its end is on the test's clock."""

    clock: Now
    ends: float
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int((self.ends - self.clock.now) * 1000)


def a_job(**fields: Any) -> Job:
    """Return a queued job with its own id, each of whose claims is charged; `fields` are the differences."""
    job = Job(
        id=str(uuid.uuid4()), type="email.send", status=Status.QUEUED, created_at=T0, updated_at=T0,
        payload={"to": "ada@example.com"}, payload_bytes=24, due_at=T0 + 60, writer=uuid.uuid4().hex[:12],
    )  # fmt: skip
    return replace(job, **{"claims": fields.get("attempts", 0), **fields})


def sqs_record(
    receipt: str,
    body: str,
    receive_count: int,
    sent_at: float | None = None,
    group: str | None = None,
    queue: str = "",
) -> dict[str, Any]:
    """Return one message of the event that Lambda passes to a function; its id is its receipt.

    `sent_at`: epoch seconds. `queue` is the key of the queue that it comes from; without it, the event does not say it.
    """
    attributes = {"ApproximateReceiveCount": str(receive_count), **({"MessageGroupId": group} if group else {})}
    if sent_at is not None:
        attributes["SentTimestamp"] = str(round(sent_at * 1000))
    came = {"eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:jobflow-test-{name_in_aws(queue)}"} if queue else {}
    return {"messageId": receipt, "receiptHandle": receipt, "body": body, "attributes": attributes, **came}


def create_stores(settings: Settings) -> None:
    """Create the tables and the bucket in the current emulated AWS."""
    for name, properties in (
        (settings.jobs_table, schema.jobs_table()),
        (settings.control_table, schema.control_table()),
    ):
        kept = {key: value for key, value in properties.items() if key not in NOT_OF_CREATE_TABLE}
        aws.client("dynamodb", settings.region).create_table(TableName=name, **kept)
    aws.client("s3", settings.region).create_bucket(Bucket=settings.files_bucket)


@contextmanager
def requests_to(service: str, session: Any = None) -> Iterator[list[str]]:
    """Return the names of the operations of a service that are requested within the block, in order.

    By the client of the platform, or by those that a session of boto3 makes in the block.
    """
    asked: list[str] = []

    def note(model: Any, **_: Any) -> None:
        if model.service_model.service_name == service:
            asked.append(model.name)

    events = aws.client(service, REGION).meta.events if session is None else session.events
    events.register("before-call", note)
    try:
        yield asked
    finally:
        events.unregister("before-call", note)

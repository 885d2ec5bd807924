"""Describe functions and the event sources that invoke them, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "123456789012"
REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One Lambda function. `timeout` in seconds, `memory` in MB; `concurrency`: maximum number of environments.

    `log_format` is Lambda's own: Text or JSON. The function's requests are signed with `access_key`, so that the
    emulator can find the function's role.
    """

    name: str
    handler: str
    timeout: float = 60
    memory: int = 512
    environment: Mapping[str, str] = field(default_factory=dict)
    concurrency: int = 10
    log_format: str = "Text"
    access_key: str = ""

    @property
    def arn(self) -> str:
        """Return the ARN that a handler sees as `context.invoked_function_arn`."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"

    @property
    def log_group(self) -> str:
        """Return the CloudWatch Logs group, named as in the cloud."""
        return f"/aws/lambda/{self.name}"


@dataclass(frozen=True, slots=True)
class QueueMapping:
    """An SQS queue that invokes a function. `window`: maximum seconds to wait for more messages of a batch."""

    function: str
    queue_url: str
    queue_arn: str
    batch_size: int = 10
    window: float = 0
    max_concurrency: int = 5
    report_batch_item_failures: bool = True


@dataclass(frozen=True, slots=True)
class Schedule:
    """A function invoked every `rate_seconds`; `payload` replaces the scheduled event when given."""

    function: str
    rate_seconds: float
    payload: Mapping[str, Any] | None = None
    name: str = "schedule"


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """A DynamoDB stream that invokes a function. `window` and `longest_age` in seconds.

    A failed batch is given up after `retries` more attempts, or at `longest_age`; None means never. With `bisect`, a
    failed batch is tried again in two halves. `patterns`: event filter patterns as JSON; a record must match one of
    them.
    """

    function: str
    stream_arn: str
    batch_size: int = 100
    window: float = 0
    report_batch_item_failures: bool = False
    retries: int | None = None
    longest_age: float | None = None
    bisect: bool = False
    patterns: tuple[str, ...] = ()

"""Define the Lambda functions other than the API: one per queue, watchdog, counters, recount; and their triggers.

A stage with types for `on_end` also has the function `followup`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.adapters.dynamo.tables.schema import CANARY, META
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import TypeQueue, queues_of
from chalicelib.jobs.job import TERMINAL, in_order
from infra.definition.iam.grants import pausing, told
from infra.definition.names import logical, queue_name

HOUR = 3600
NIGHTLY = "2/15 0-4 * * ? *"
"""From 00:02 to 04:47 UTC, every day: night in Europe, evening in America, late morning in East Asia. An invocation
continues where the last one had to stop. If there is nothing to do, an invocation ends after one read."""
COUNTED = json.dumps({"dynamodb": {"Keys": {"sk": {"S": [META, CANARY]}}}}, separators=(",", ":"))
"""Event filters of the counters: they let through the main items of jobs, and the canaries of the recount."""
ENDED = json.dumps({
    "dynamodb": {
        "Keys": {"sk": {"S": [META]}},
        "NewImage": {"status": {"S": list(in_order(TERMINAL))}, "on_end": {"S": [{"exists": True}]}},
    }
}, separators=(",", ":"))  # fmt: skip
"""Event filter of the function `followup`: it passes only finished jobs with `on_end`."""


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """Invoke with messages of a queue. `window` in seconds; `queue` is the physical name."""

    queue: str
    batch_size: int
    window: int
    max_concurrency: int


@dataclass(frozen=True, slots=True)
class ScheduleTrigger:
    """Invoke every `minutes` minutes, or at the times of `cron` (UTC); `minutes` is then the time between two of them.

    `longest_age` in seconds: an event that Lambda throttles for longer is dropped, because the next run does its work.
    """

    minutes: int
    longest_age: int
    cron: str = ""

    @property
    def expression(self) -> str:
        """Return the schedule in EventBridge's form."""
        if self.cron:
            return f"cron({self.cron})"
        return f"rate({self.minutes} minute{'' if self.minutes == 1 else 's'})"


@dataclass(frozen=True, slots=True)
class StreamTrigger:
    """Invoke with the changes of a table, oldest first. `window` in seconds; `table` is the physical name."""

    table: str
    batch_size: int
    window: int
    retries: int
    longest_age: int
    """Seconds after which a record that always fails is given up. The stream itself keeps records for 24 hours."""
    pattern: str
    """Event filter pattern, as JSON. Records that do not match are never delivered, and cost nothing."""
    tumbling: int | None = None
    """Seconds of the tumbling window. It is set only because Lambda then names the shard in the event; no code waits
    for the end of a window."""


Trigger = QueueTrigger | ScheduleTrigger | StreamTrigger


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """One Lambda function: `short` is its name within the stack, `timeout` in seconds, `memory` in MB."""

    stack: str
    short: str
    handler: str
    timeout: int
    memory: int
    trigger: Trigger
    works: TypeQueue | None = None
    """The queue whose messages the function processes; None for a function of the platform."""
    pauses: Sequence[TypeQueue] = ()
    """The queues that the function pauses automatically when all attempts of their jobs fail."""
    tells: Sequence[JobType[Any, Any]] = ()
    """The types of the jobs that the function makes for `on_end`."""

    @property
    def name(self) -> str:
        """Return the function's physical name; its log group has the same name."""
        return f"{self.stack}-{self.short}"

    @property
    def logical_id(self) -> str:
        """Return its logical id in the template."""
        return logical(self.short, "Function")

    @property
    def log_group(self) -> str:
        """Return the name of its CloudWatch Logs group."""
        return f"/aws/lambda/{self.name}"


def functions(types: Iterable[JobType[Any, Any]], stack: str) -> list[FunctionDefinition]:
    """Return every function except the API and its authorizer, which Chalice makes."""
    types = list(types)
    queues = queues_of(types)
    workers = [_worker(queue, stack) for queue in queues]
    return [*workers, *_platform(stack, pausing(queues)), *_followup(stack, told(types))]


def _worker(queue: TypeQueue, stack: str) -> FunctionDefinition:
    function, name = queue.function, queue_name(stack, queue.short, queue.ending)
    trigger = QueueTrigger(name, function.batch_size, function.window, queue.concurrency)
    return FunctionDefinition(stack, queue.short, queue.handler, queue.timeout, function.memory, trigger, queue)


def _platform(stack: str, paused: Sequence[TypeQueue]) -> list[FunctionDefinition]:
    watchdog = FunctionDefinition(
        stack, "watchdog", "chalicelib.entry.watchdog.handler", 50, 512, ScheduleTrigger(1, 60), pauses=paused
    )
    stream = StreamTrigger(
        f"{stack}-jobs", 500, window=2, retries=300, longest_age=23 * HOUR, tumbling=900, pattern=COUNTED
    )
    counters = FunctionDefinition(stack, "counters", "chalicelib.entry.stream.handler", 60, 256, stream)
    nightly = ScheduleTrigger(15, longest_age=600, cron=NIGHTLY)
    recount = FunctionDefinition(stack, "recount", "chalicelib.entry.recount.handler", 840, 512, nightly)
    return [watchdog, counters, recount]


def _followup(stack: str, types: Sequence[JobType[Any, Any]]) -> list[FunctionDefinition]:
    """Return the function `followup`, which makes the jobs of `on_end`; none if no type can be named there."""
    if not types:
        return []
    stream = StreamTrigger(f"{stack}-jobs", 100, window=1, retries=300, longest_age=23 * HOUR, pattern=ENDED)
    return [FunctionDefinition(stack, "followup", "chalicelib.entry.followup.handler", 60, 256, stream, tells=types)]

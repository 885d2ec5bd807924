"""Define the Lambda functions other than the API: one per queue, watchdog, counters, recount, followup; their triggers.

`followup` does what follows from the ends of jobs and from their expiry. It is not invoked for a job without `on_end`,
batch and webhooks that leaves nothing beside its row.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.adapters.dynamo.jobs.changed import TTL
from chalicelib.adapters.dynamo.tables.schema import CANARY, META
from chalicelib.errors import ConfigurationError
from chalicelib.job_types.constants import DELIVER
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import TypeQueue, queues_of, that_pause, with_budgets
from chalicelib.jobs.job import TERMINAL, Status, in_order
from infra.definition.iam.grants import types_for_ends
from infra.definition.names import logical, queue_name

HOUR = 3600
MOST_SPLIT = 40
"""Maximum number of types that are counted by tenant: one variable of the counters has their names."""
NIGHTLY = "2/15 0-4 * * ? *"
"""From 00:02 to 04:47 UTC, every day: night in Europe, evening in America, late morning in East Asia. An invocation
continues where the last one had to stop. If there is nothing to do, an invocation ends after one read."""
COUNTED = (
    json.dumps({"dynamodb": {"Keys": {"sk": {"S": [META]}}}}, separators=(",", ":")),
    json.dumps({"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [CANARY]}}}}, separators=(",", ":")),
)
"""Event filters of the counters: they let through the main items of jobs, and new canaries of the recount and of the
watchdog."""


def _ended(attribute: str, values: object) -> str:
    """Return the event filter that passes only finished jobs in which the attribute has one of these values."""
    image = {"status": {"S": list(in_order(TERMINAL))}, attribute: {"S": [values]}}
    return json.dumps({"dynamodb": {"Keys": {"sk": {"S": [META]}}, "NewImage": image}}, separators=(",", ":"))


MEMBERS = _ended("batch", {"exists": True})
ENDED = (_ended("on_end", {"exists": True}), MEMBERS)
"""Event filters of the function `followup`: they pass only finished jobs with `on_end`, and members of batches."""
EVERY_END = (_ended("type", {"anything-but": [DELIVER]}), MEMBERS)
"""Its event filters in a stage with webhooks, which may get any end except those of deliveries."""


def _left() -> str:
    """Return the event filter that passes jobs that the table has removed, and that may have left something."""
    there, ended = [{"exists": True}], {"S": list(in_order(TERMINAL))}
    failed = {"S": [one for one in in_order(TERMINAL) if one is not Status.COMPLETED]}
    some: list[dict[str, Any]] = [
        *({name: {"S": there}, "status": ended} for name in ("payload_ref", "result_ref", "acted")),
        {"kept": {"N": there}, "status": ended},
        *({name: {"N": [{"anything-but": ["1"]}]}, "status": ended} for name in ("gen", "claims")),
        {"claims": {"N": there}, "status": failed},
    ]
    image = {"expires_at": {"N": there}, "$or": some}
    pattern = {
        "eventName": ["REMOVE"], "userIdentity": {"type": ["Service"], "principalId": [TTL]},
        "dynamodb": {"Keys": {"sk": {"S": [META]}}, "OldImage": image},
    }  # fmt: skip
    return json.dumps(pattern, separators=(",", ":"))


LEFT = _left()
"""Its event filter for jobs whose rows have expired: the rule `leaves_something`, so that others cost nothing."""


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """Invoke with messages of a queue. `window` in seconds; `queue` is the physical name."""

    queue: str
    batch_size: int
    window: int
    max_concurrency: int
    short: str
    """The last part of the queue's name."""


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
    patterns: tuple[str, ...]
    """Event filter patterns, as JSON. Records that match none are never delivered, and cost nothing."""
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
    urgent: QueueTrigger | None = None
    """The second trigger of a type with `urgent=True`."""
    works: TypeQueue | None = None
    """The queue whose messages the function processes; None for a function of the platform."""
    wakes: Sequence[TypeQueue] = ()
    """The other queues with types that call types of `works`, or share a limit with them: it wakes their jobs."""
    pauses: Sequence[TypeQueue] = ()
    """The queues that the function pauses automatically when all attempts of their jobs fail."""
    budgets: Sequence[TypeQueue] = ()
    """The queues that the function pauses when the budget of a day is spent."""
    splits: Sequence[str] = ()
    """The job types whose use the function also counts by tenant."""
    tells: Sequence[JobType[Any, Any]] = ()
    """The types of the jobs that the function makes when a job or a batch has ended."""

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
    """Return every function except the API, which Chalice makes."""
    types = list(types)
    queues = queues_of(types)
    workers = [
        replace(_worker(queue, stack), wakes=[one for one in queues if one is not queue and _wakes(queue, one)])
        for queue in queues
    ]
    return [
        *workers,
        *_platform(stack, that_pause(queues), with_budgets(queues), _split(types)),
        _followup(stack, types_for_ends(types)),
    ]


def _wakes(queue: TypeQueue, other: TypeQueue) -> bool:
    return other.calls(queue) or not other.shared_limits.isdisjoint(queue.shared_limits)


def _split(types: Sequence[JobType[Any, Any]]) -> list[str]:
    """Return the types that are counted by tenant. Raises ConfigurationError if a variable cannot name them all."""
    names = sorted(kind.name for kind in types if kind.spent_by_tenant)
    if len(names) > MOST_SPLIT:
        raise ConfigurationError(f"Spending(by_tenant=True) is declared by {len(names)} types, and {MOST_SPLIT} may")
    return names


def _worker(queue: TypeQueue, stack: str) -> FunctionDefinition:
    function = queue.function
    own, *second = (
        QueueTrigger(queue_name(stack, short, queue.ending), function.batch_size, function.window, at_once, short)
        for short, at_once in zip(queue.shorts, queue.concurrencies, strict=True)
    )
    return FunctionDefinition(
        stack, queue.short, queue.handler, queue.timeout, function.memory, own, next(iter(second), None), queue
    )


def _platform(
    stack: str, paused: Sequence[TypeQueue], budgets: Sequence[TypeQueue], splits: Sequence[str]
) -> list[FunctionDefinition]:
    watchdog = FunctionDefinition(
        stack,
        "watchdog",
        "chalicelib.entry.watchdog.handler",
        50,
        512,
        ScheduleTrigger(1, 60),
        pauses=paused,
        budgets=budgets,
    )
    stream = StreamTrigger(
        f"{stack}-jobs", 500, window=2, retries=300, longest_age=23 * HOUR, tumbling=900, patterns=COUNTED
    )
    counters = FunctionDefinition(stack, "counters", "chalicelib.entry.stream.handler", 60, 256, stream, splits=splits)
    nightly = ScheduleTrigger(15, longest_age=600, cron=NIGHTLY)
    recount = FunctionDefinition(stack, "recount", "chalicelib.entry.recount.handler", 840, 512, nightly)
    return [watchdog, counters, recount]


def _followup(stack: str, types: Sequence[JobType[Any, Any]]) -> FunctionDefinition:
    """Return the function `followup`, which counts batches, and makes deliveries and end jobs."""
    patterns = EVERY_END if any(kind.name == DELIVER for kind in types) else ENDED
    stream = StreamTrigger(
        f"{stack}-jobs", 100, window=1, retries=300, longest_age=23 * HOUR, tumbling=900, patterns=(*patterns, LEFT)
    )
    return FunctionDefinition(stack, "followup", "chalicelib.entry.followup.handler", 60, 256, stream, tells=types)

"""Do what follows from a change of a job, in a Lambda function on the jobs table's stream.

It does not count: if something that it needs does not answer, the counters must not wait for it. A stream serves two
readers, so everything that follows from a change is in this one function.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.adapters.dynamo.jobs.changed import changes
from chalicelib.assembly import parts
from chalicelib.ends import events
from chalicelib.jobs.changed import JobChanged
from chalicelib.telemetry.emf import gathering
from chalicelib.worker.context import LambdaContext

Consumer = Callable[[Sequence[JobChanged]], set[str]]
"""Takes the changes of a batch, in order; returns the sequence numbers of those that must be delivered again."""


def consumers() -> list[Consumer]:
    """Return everything that follows from a change. Each must allow that a change is delivered again."""
    return [parts.end_maker.follow]


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Give the changes of one invocation to each consumer; Lambda delivers again from the first one that failed."""
    with gathering():
        told = list(changes(event.get("Records", []), events.unreadable))
        again: set[str] = set()
        for consumer in consumers():
            again |= consumer(told)
    first = next((change.sequence for change in told if change.sequence in again), None)
    return {"batchItemFailures": [] if first is None else [{"itemIdentifier": first}]}

"""Do what follows from a change of a job, in a Lambda function on the jobs table's stream.

It does not count: if something that it needs does not answer, the counters must not wait for it. A stream serves two
readers, so everything that follows from a change is in this one function.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from chalicelib.adapters.dynamo.jobs.changed import changes
from chalicelib.assembly import parts
from chalicelib.ends import events
from chalicelib.erasing.events import not_stored
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import DELIVER
from chalicelib.jobs.changed import JobChanged
from chalicelib.telemetry.emf import gathering
from chalicelib.worker.context import LambdaContext

Consumer = Callable[[Sequence[JobChanged]], set[str]]
"""Takes the changes of a batch, in order; returns the sequence numbers of those that must be delivered again."""


def consumers(source: str) -> list[Consumer]:
    """Return what follows from a change, without deliveries. Each must allow that a change is delivered again.

    `source` is the shard of the changes.
    """
    return [parts.end_maker.follow, partial(parts.batches.follow, source=source)]


def _keep_expired(expired: Sequence[JobChanged]) -> None:
    """Store which jobs have expired. Raises nothing: no other change may come again because of it."""
    try:
        leftovers = parts.leftovers
    except Exception as error:
        not_stored(len(expired), error)
        return
    leftovers.follow(expired)


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Give the changes of one invocation to each consumer; Lambda delivers again from the first one that failed.

    The event contains the shard, because the mapping has a tumbling window.
    """
    with gathering():
        told = list(changes(event.get("Records", []), events.unreadable))
        expired = [change for change in told if change.expired]
        told = [change for change in told if not change.expired]
        again: set[str] = set()
        for consumer in consumers(event.get("shardId", "-")):
            again |= consumer(told)
        if jobtype.is_declared(DELIVER):
            # the last one that gives back changes: it counts ends only if they are not delivered again
            again |= parts.delivery_maker.follow(told, again)
        if expired:
            # it gives back nothing; before the export, which reckons with the time that is left now
            _keep_expired(expired)
        if parts.settings.otlp_endpoint:
            from chalicelib.traces.export import export

            # after everything else, and it gives back nothing: neither these changes nor the next ones may depend on it
            export(lambda: parts.span_exporter, told, again, context.get_remaining_time_in_millis() / 1000)
    records = event.get("Records", [])
    numbers = [str(record.get("dynamodb", {}).get("SequenceNumber", "")) for record in records]
    first = next((number for number in numbers if number in again), None)
    return {"batchItemFailures": [] if first is None else [{"itemIdentifier": first}], "state": {}}

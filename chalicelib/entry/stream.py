"""Feed the counters from the jobs table's stream, in a Lambda function."""

from collections.abc import Mapping
from typing import Any

from chalicelib.adapters.dynamo.counting import changes
from chalicelib.assembly import parts
from chalicelib.telemetry import events
from chalicelib.telemetry.emf import gathering
from chalicelib.worker.context import LambdaContext


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Count the records of one invocation; the event contains the shard, because the mapping has a tumbling window."""
    records = event.get("Records", [])  # the last invocation of a window may have no records
    counted = parts.stream_counter.count(changes.read(records), event.get("shardId", "-"))
    with gathering():
        events.counted(len(records), len(counted.added), counted.created())
        for skipped in counted.skipped:
            events.record_skipped(skipped.item, skipped.sequence, skipped.why)
    return {"batchItemFailures": [], "state": {}}

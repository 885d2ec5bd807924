"""The Lambda function behind the jobs table's stream: it feeds the counters."""

from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.counters.stream import Tidying, apply, created
from chalicelib.telemetry import events
from chalicelib.telemetry.emf import gathering
from chalicelib.worker.context import LambdaContext

_tidying = Tidying()


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Count the records of one invocation; the mapping's tumbling window is what tells the shard."""
    rows = wiring.counter_rows()
    records = event.get("Records", [])  # a window's last invocation may bring none
    added = apply(rows, records, event.get("shardId", "-"))
    _tidying.tidy(rows, wiring.clock()())
    with gathering():
        events.counted(len(records), len(added), created(added))
    return {"batchItemFailures": [], "state": {}}

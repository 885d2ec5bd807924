"""Compute the read units of requests to DynamoDB from the requests and their answers.

Source: Amazon DynamoDB Developer Guide, "Read and write operations": a unit is 4 KB read strongly consistently, half a
unit eventually; a query is rounded up as a whole and pays for what its filter leaves out, a batch for each item.
"""

import json
import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.tables.sizes import item_size

READ_UNIT = 4096
ENTRY = 130
"""Bytes of an index entry, if a filter matches none whose size could be measured."""


@dataclass
class Reading:
    """Requests by service and operation, and read units, so far."""

    requests: Counter[str] = field(default_factory=Counter)
    units: float = 0.0


@contextmanager
def read_by(region: str) -> Iterator[Reading]:
    """Measure this process's requests to DynamoDB and SQS within the block."""
    reading, lock = Reading(), threading.Lock()
    # Pages are read in parallel: an answer belongs to the request of its own thread.
    asked = threading.local()

    def before(model: Any, params: dict[str, Any], **_: Any) -> None:
        with lock:
            reading.requests[f"{model.service_model.service_name}:{model.name}"] += 1
        body = params["body"]
        asked.request = json.loads(body) if isinstance(body, bytes | str) and body else {}

    def after(model: Any, parsed: dict[str, Any], **_: Any) -> None:
        if model.service_model.service_name == "dynamodb":
            read = units(model.name, asked.request, parsed)
            with lock:
                reading.units += read

    events = [aws.client(service, region).meta.events for service in ("dynamodb", "sqs")]
    for emitter in events:
        emitter.register("before-call", before)
        emitter.register("after-call", after)
    try:
        yield reading
    finally:
        for emitter in events:
            emitter.unregister("before-call", before)
            emitter.unregister("after-call", after)


def units(operation: str, request: dict[str, Any], answer: dict[str, Any]) -> float:
    """Return the read units of one request."""
    match operation:
        case "Query":
            items = answer["Items"]
            size = sum(item_size(item) for item in items)
            looked = size / len(items) * answer["ScannedCount"] if items else ENTRY * answer["ScannedCount"]
            return _rounded(looked) * (1.0 if request.get("ConsistentRead") else 0.5)
        case "GetItem":
            return _rounded(item_size(answer.get("Item", {}))) * (1.0 if request.get("ConsistentRead") else 0.5)
        case "BatchGetItem":
            found = [item for items in answer["Responses"].values() for item in items]
            return sum(_rounded(item_size(item)) * 0.5 for item in found)
    return 0.0


def _rounded(size: float) -> int:
    return max(1, math.ceil(size / READ_UNIT))

"""DynamoDB stream records as Lambda hands them to a function, and what the answer means for them (pure)."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from infra.local.lambdas.invocation import InvokeResult
from infra.local.lambdas.records import failed_identifiers

Record = Mapping[str, Any]


def stream_event(records: list[Record], stream_arn: str) -> dict[str, Any]:
    """The event of a batch, in the shape of AWS's DynamoDB trigger."""
    return {"Records": [{**_plain(record), "eventSourceARN": stream_arn} for record in records]}


def unprocessed(records: list[Record], result: InvokeResult, *, report_failures: bool) -> list[Record]:
    """What of a batch comes again: nothing, everything, or all from the first record reported as failed."""
    if not result.ok:
        return records
    if not report_failures:
        return []
    numbers = [sequence_number(record) for record in records]
    failed = failed_identifiers(result.payload, set(numbers))
    if failed is None:
        return records
    first = next((i for i, number in enumerate(numbers) if number in failed), len(records))
    return records[first:]


def sequence_number(record: Record) -> str:
    """Where in its shard a record stands."""
    return str(record["dynamodb"]["SequenceNumber"])


def _plain(value: Any) -> Any:
    """A record as JSON has it: times as Unix seconds, binary as base64."""
    match value:
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case list() | set():
            return [_plain(item) for item in value]
        case datetime():
            return value.timestamp()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value

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


def matches(value: Any, pattern: Any) -> bool:
    """Whether a record matches an event filter pattern: nested objects that end in lists of allowed values.

    Raises ValueError for a pattern that uses more of the language (prefix, numeric, exists ...) than that.
    """
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(matches(value.get(name), inner) for name, inner in pattern.items())
    if not isinstance(pattern, list) or any(isinstance(allowed, Mapping) for allowed in pattern):
        raise ValueError(f"The laptop knows only patterns of exact values, not {pattern!r}.")
    return value in pattern


def halves(records: list[Record]) -> list[list[Record]]:
    """A batch in two, the older half first; one record stays whole."""
    middle = len(records) // 2
    return [records[:middle], records[middle:]] if middle else [records]


def age(record: Record, now: datetime) -> float:
    """Seconds since the change; 0 when the record does not say."""
    at = record["dynamodb"].get("ApproximateCreationDateTime")
    return (now - at).total_seconds() if isinstance(at, datetime) else 0.0


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

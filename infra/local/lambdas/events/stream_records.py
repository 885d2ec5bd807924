"""Convert DynamoDB stream records to Lambda's event, and a function's answer to the records to repeat (pure).

Records are as in DynamoDB's JSON, which Lambda passes on: times in Unix seconds, binary values in base64.
"""

from collections.abc import Mapping
from typing import Any

from infra.local.lambdas.events.records import failed_identifiers
from infra.local.lambdas.invocation import InvokeResult

Record = Mapping[str, Any]


def stream_event(records: list[Record], stream_arn: str) -> dict[str, Any]:
    """Return the event of a batch, in the shape of AWS's DynamoDB trigger."""
    return {"Records": [{**record, "eventSourceARN": stream_arn} for record in records]}


def for_lambda(record: Record) -> Record:
    """Return a record as Lambda passes it on: who has deleted an expired item has other names there."""
    by = record.get("userIdentity")
    if by is None:
        return record
    return {**record, "userIdentity": {name[:1].lower() + name[1:]: value for name, value in by.items()}}


def unprocessed(records: list[Record], result: InvokeResult, *, report_failures: bool) -> list[Record]:
    """Return the records of a batch to deliver again: none, all, or the first failed record and all after it."""
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
    """Return True if a record matches an event filter pattern.

    Supported are nested objects that end in lists of allowed values, in `[{"exists": true}]`, or in
    `[{"anything-but": […]}]`; and `$or` in an object, with a list of objects of which one must match. Raises
    ValueError for a pattern with other features (prefix, numeric ...).
    """
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(
            any(matches(value, one) for one in inner) if name == "$or" else matches(value.get(name), inner)
            for name, inner in pattern.items()
        )
    if pattern == [{"exists": True}]:
        return value is not None
    if isinstance(pattern, list) and len(pattern) == 1 and _is_but(pattern[0]):
        return value is not None and value not in pattern[0]["anything-but"]
    if not isinstance(pattern, list) or any(isinstance(allowed, Mapping) for allowed in pattern):
        raise ValueError(f"`make dev` supports only patterns of exact values, not {pattern!r}.")
    return value in pattern


def _is_but(rule: Any) -> bool:
    return isinstance(rule, Mapping) and list(rule) == ["anything-but"]


def halves(records: list[Record]) -> list[list[Record]]:
    """Return a batch in two halves, the older first; a single record is not split."""
    middle = len(records) // 2
    return [records[:middle], records[middle:]] if middle else [records]


def age(record: Record, now: float) -> float:
    """Return the seconds since the change of the record; 0 if the record has no time. `now` in Unix seconds."""
    return now - float(record["dynamodb"].get("ApproximateCreationDateTime", now))


def sequence_number(record: Record) -> str:
    """Return the sequence number of a record, its position in the shard."""
    return str(record["dynamodb"]["SequenceNumber"])

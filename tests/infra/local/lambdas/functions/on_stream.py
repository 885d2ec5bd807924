"""Consume a table's stream."""

# ruff: noqa: T201 - a function's output is what its tests look at

import json
from pathlib import Path
from typing import Any


def _report(event: dict[str, Any]) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = event["Records"]
    keys = [record["dynamodb"]["Keys"]["id"]["S"] for record in records]
    print(json.dumps({"keys": keys, "records": records}))
    return records


def accept(event: dict[str, Any], ctx: Any) -> None:
    """Report no failure."""
    _report(event)


def stumble(event: dict[str, Any], ctx: Any) -> None:
    """Fail the first time, and only then."""
    _report(event)
    marker = Path(event["Records"][0]["dynamodb"]["NewImage"]["marker"]["S"])
    if not marker.exists():
        marker.touch()
        raise RuntimeError("the first time")


def partial(event: dict[str, Any], ctx: Any) -> dict[str, Any]:
    """Fail at the record "b" the first time."""
    failed = []
    for record in _report(event):
        marker = Path(record["dynamodb"]["NewImage"]["marker"]["S"])
        if record["dynamodb"]["Keys"]["id"]["S"] == "b" and not marker.exists():
            marker.touch()
            failed.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
    return {"batchItemFailures": failed}


def poisoned(event: dict[str, Any], ctx: Any) -> None:
    """Fail whenever the record "poison" is in the batch, else print the records."""
    passed = [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]
    if "poison" in passed:
        raise RuntimeError("poisoned")
    print(json.dumps({"passed": passed}))

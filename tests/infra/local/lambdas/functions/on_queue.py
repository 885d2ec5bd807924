"""Consumers of a queue: each prints what it got as one JSON line, then answers in its own way."""

# ruff: noqa: T201 - a function's output is what its tests look at

import json
import os
import time
from typing import Any


def _report(event: dict[str, Any]) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = event["Records"]
    print(json.dumps({"batch": [record["body"] for record in records], "records": records, "pid": os.getpid()}))
    return records


def accept(event: dict[str, Any], ctx: Any) -> None:
    """Everything went well."""
    _report(event)


def partial(event: dict[str, Any], ctx: Any) -> dict[str, Any]:
    """Bodies that begin with "bad" have failed."""
    failed = [record["messageId"] for record in _report(event) if record["body"].startswith("bad")]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def unknown(event: dict[str, Any], ctx: Any) -> dict[str, Any]:
    """A failure nobody can place."""
    _report(event)
    return {"batchItemFailures": [{"itemIdentifier": "not-one-of-them"}]}


def explode(event: dict[str, Any], ctx: Any) -> None:
    """The whole batch fails."""
    _report(event)
    raise RuntimeError("the batch failed")


def hang(event: dict[str, Any], ctx: Any) -> None:
    """Never come back."""
    _report(event)
    time.sleep(600)


def slow(event: dict[str, Any], ctx: Any) -> None:
    """Take a moment, and say when."""
    began = time.monotonic()
    time.sleep(0.2)
    print(json.dumps({"span": [began, time.monotonic()], "batch": [r["body"] for r in event["Records"]]}))

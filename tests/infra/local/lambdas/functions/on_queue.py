"""Consume a queue: each function prints its event as one JSON line, then answers in its own way."""

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
    """Report no failure."""
    _report(event)


def partial(event: dict[str, Any], ctx: Any) -> dict[str, Any]:
    """Report the messages whose bodies begin with "bad"."""
    failed = [record["messageId"] for record in _report(event) if record["body"].startswith("bad")]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def unknown(event: dict[str, Any], ctx: Any) -> dict[str, Any]:
    """Report a failure of an unknown message."""
    _report(event)
    return {"batchItemFailures": [{"itemIdentifier": "not-one-of-them"}]}


def explode(event: dict[str, Any], ctx: Any) -> None:
    """Let the whole batch fail."""
    _report(event)
    raise RuntimeError("the batch failed")


def hang(event: dict[str, Any], ctx: Any) -> None:
    """Never return."""
    _report(event)
    time.sleep(600)


def slow(event: dict[str, Any], ctx: Any) -> None:
    """Use some time, and print when."""
    began = time.monotonic()
    time.sleep(0.2)
    print(json.dumps({"span": [began, time.monotonic()], "batch": [r["body"] for r in event["Records"]]}))

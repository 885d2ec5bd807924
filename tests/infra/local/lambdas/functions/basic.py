"""Provide tiny functions, which real runtime processes run."""

# ruff: noqa: T201 - a function's output is what its tests look at

import json
import os
import subprocess
import sys
import time
from typing import Any


def context(event: dict[str, Any], ctx: Any) -> dict[str, Any]:
    """Return what a handler reads from its context."""
    return {
        "event": event,
        "request_id": ctx.aws_request_id,
        "remaining_ms": ctx.get_remaining_time_in_millis(),
        "arn": ctx.invoked_function_arn,
        "name": ctx.function_name,
        "memory": ctx.memory_limit_in_mb,
        "log_group": ctx.log_group_name,
        "log_stream": ctx.log_stream_name,
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "environment": dict(os.environ),
        "pid": os.getpid(),
        "path": sys.path[0],
    }


def pid(event: Any, ctx: Any) -> int:
    """Return the id of the process."""
    return os.getpid()


def fail(event: Any, ctx: Any) -> None:
    """Raise."""
    raise ValueError("no such customer")


def leave(event: dict[str, int], ctx: Any) -> str:
    """End the process without output, unless the event says to stay."""
    if event.get("stay"):
        return "here"
    os._exit(7)


def spend(event: dict[str, float], ctx: Any) -> int:
    """Use some time."""
    time.sleep(event["seconds"])
    return os.getpid()


def spawn(event: Any, ctx: Any) -> None:
    """Start a grandchild process, then run until the timeout."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(json.dumps({"grandchild": child.pid}), flush=True)
    time.sleep(600)


def talk(event: dict[str, Any], ctx: Any) -> None:
    """Print to both streams."""
    for line in event["lines"]:
        print(line)
    print("to stderr", file=sys.stderr)


def big(event: dict[str, int], ctx: Any) -> str:
    """Return more than Lambda allows."""
    return "x" * event["bytes"]


def hold(event: dict[str, int], ctx: Any) -> int:
    """Use this many megabytes for a while."""
    held = b"x" * (event["megabytes"] * 1024 * 1024)
    time.sleep(event.get("seconds", 0))
    return len(held)

"""A function that runs on a schedule."""

# ruff: noqa: T201 - a function's output is what its tests look at

import json
from typing import Any


def tick(event: dict[str, Any], ctx: Any) -> None:
    """Print the event."""
    print(json.dumps({"tick": event}))

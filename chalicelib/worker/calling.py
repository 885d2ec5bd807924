"""Call a job function: a plain function directly, and an `async def` function on its own event loop."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from chalicelib.worker.context import WorkerContext


def called(run: Callable[[Any, Any], Any], payload: Any, ctx: WorkerContext) -> Any:
    """Call a job function, and return its value; raises what it raises."""
    if not iscoroutinefunction(run):
        return run(payload, ctx)
    from chalicelib.worker.on_loop import run_on_loop  # imported here, because importing asyncio is slow

    return run_on_loop(run, payload, ctx)

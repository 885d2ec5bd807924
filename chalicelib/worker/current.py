"""Let a job function, and all that it calls, find the attempt: `jobflow.current()` and `JobFlow().submit(…)`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.worker.context import WorkerContext

try:
    from jobflow.context import RUNNING, Attempt

    CLIENT = True
except ModuleNotFoundError:  # the client does not ship with this function, so no code here can look for the attempt
    CLIENT = False


@contextmanager
def running(ctx: "WorkerContext") -> Iterator[None]:
    """Let the code in the block find this attempt."""
    if not CLIENT:
        yield
        return
    token = RUNNING.set(Attempt(ctx, ctx.make))
    try:
        yield
    finally:
        RUNNING.reset(token)

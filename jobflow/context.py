"""Hold the attempt of a job that runs here. The platform's worker sets it, and the client reads it.

This module imports nothing of the client and nothing of the platform, so that each of them works without the other.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Attempt:
    """A running attempt: its JobContext, and the function `submit`, which makes a job and returns the stored job.

    `context` None: no attempt runs, but the jobs of code outside of an attempt go to `submit`, too. `every_client`: the
    jobs of a client with a target of its own also go to `submit`.
    """

    context: Any
    submit: Callable[..., Any]
    every_client: bool = False


RUNNING: ContextVar[Attempt | None] = ContextVar("jobflow_attempt", default=None)
"""The attempt that runs in this thread or task."""


def _no_client() -> Any:
    raise LookupError("The package jobflow is not imported.")


connect: Callable[[], Any] = _no_client
"""Return the client of this process, to which the `delay` of a job type submits; the package `jobflow` sets this."""


def current() -> Any:
    """Return the JobContext of the attempt that runs here: in a job function, and in everything that it calls.

    Raises LookupError outside of an attempt. A thread that a job function starts has no attempt, unless it runs in a
    copy of the context: `contextvars.copy_context().run(…)`.
    """
    running = RUNNING.get()
    if running is None or running.context is None:
        raise LookupError(NOT_HERE)
    return running.context


NOT_HERE = (
    "No attempt of a job runs here: this is not a job function or what it calls, or a thread that one started without "
    "contextvars.copy_context()."
)

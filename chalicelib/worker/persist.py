"""Write down that an attempt begins, or how it ended, although AWS may refuse for a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.errors import JobNotFound, MoveRefused
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Message
from chalicelib.telemetry import events

T = TypeVar("T")
SETTLE_RESERVE = 3.0
"""Seconds of the invocation that no further try begins in."""
FIRST, LONGEST = 0.2, 5.0
"""Seconds between two tries, doubling."""


@dataclass(frozen=True)
class Persistence:
    """Repeats a write until the invocation's end is near. `left` gives the seconds until then, `sleep` takes seconds.

    `longest` is the longest pause between two tries, in seconds.
    """

    left: Callable[[], float] = lambda: 0.0
    sleep: Callable[[float], None] = time.sleep
    longest: float = LONGEST

    def write(self, about: Job | Message, once: Callable[[], T]) -> T:
        """Return what `once`, a write about a job, returns.

        It must do no harm when repeated: a change carries the name of its own write.

        Raises MoveRefused and JobNotFound at once, and what `once` raised last when no time is left.
        """
        pause = FIRST
        while True:
            try:
                return once()
            except (MoveRefused, JobNotFound):
                raise
            except Exception as error:
                if self.left() - pause < SETTLE_RESERVE:
                    raise
                events.store_failed(about, error)
            self.sleep(pause)
            pause = min(self.longest, 2 * pause)

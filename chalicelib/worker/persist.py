"""Write down how an attempt ended although AWS may refuse for a while: try until the invocation's end is near."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.errors import JobNotFound, MoveRefused
from chalicelib.jobs.job import Job
from chalicelib.telemetry import events

T = TypeVar("T")
SETTLE_RESERVE = 3.0
"""Seconds of the invocation that no further try begins in."""
FIRST, LONGEST = 0.2, 5.0
"""Seconds between two tries, doubling."""


@dataclass(frozen=True)
class Persistence:
    """Repeats a write. `left` gives the seconds until the invocation ends, `sleep` takes seconds."""

    left: Callable[[], float] = lambda: 0.0
    sleep: Callable[[float], None] = time.sleep

    def write(self, job: Job, once: Callable[[], T]) -> T:
        """Return what `once`, a write about the job, returns.

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
                events.store_failed(job, error)
            self.sleep(pause)
            pause = min(LONGEST, 2 * pause)

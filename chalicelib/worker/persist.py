"""Record that an attempt begins, or how it ended, even if AWS refuses writes for a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.errors import (
    JobCancelled,
    JobNotFound,
    LeaseLost,
    MoveRefused,
    NewerRow,
    PayloadUnreadable,
    RowNotSigned,
)
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Message
from chalicelib.telemetry import events
from chalicelib.worker.constants import FIRST_SETTLE_PAUSE, LONGEST_SETTLE_PAUSE, SETTLE_RESERVE

T = TypeVar("T")
FINAL = (MoveRefused, JobNotFound, JobCancelled, LeaseLost, NewerRow, PayloadUnreadable, RowNotSigned)
"""Answers that a repetition does not change."""


@dataclass(frozen=True)
class Persistence:
    """Repeat a request until the invocation's end is near. `left` returns the seconds until then.

    `sleep` waits for a number of seconds. `longest` is the longest pause between two tries, in seconds.
    """

    left: Callable[[], float] = lambda: 0.0
    sleep: Callable[[float], None] = time.sleep
    longest: float = LONGEST_SETTLE_PAUSE

    def write(self, about: Job | Message, once: Callable[[], T]) -> T:
        """Return the value of `once`, a write about a job, or a read.

        The write must be repeatable: a change contains the id of its write. Raises the errors of FINAL at once, and the
        last error of `once` when no time is left.
        """
        pause = FIRST_SETTLE_PAUSE
        while True:
            try:
                return once()
            except FINAL:
                raise
            except Exception as error:
                if self.left() - pause < SETTLE_RESERVE:
                    raise
                events.store_failed(about, error)
            self.sleep(pause)
            pause = min(self.longest, 2 * pause)

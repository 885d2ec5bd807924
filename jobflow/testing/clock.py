"""Provide a clock that the test controls."""

import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass
class Clock:
    """A clock that shows the time at which it was made, or `now` (seconds since the epoch), until it is advanced.

    The clock always shows a whole millisecond, like the times of jobs, so that a job is due exactly at its time.
    """

    now: float = field(default_factory=time.time)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a field; `now` is rounded to milliseconds."""
        super().__setattr__(name, round(value, 3) if name == "now" else value)

    def __call__(self) -> float:
        """Return seconds since the epoch."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Advance the clock by that many seconds, rounded up to milliseconds, so that it reaches the awaited time."""
        self.now = self.after(seconds)

    def after(self, seconds: float) -> float:
        """Return the time in that many seconds, rounded up to milliseconds."""
        return round(self.now + math.ceil(round(seconds * 1000, 6)) / 1000, 3)

    @property
    def time(self) -> datetime:
        """Return the time in UTC."""
        return datetime.fromtimestamp(self.now, UTC)

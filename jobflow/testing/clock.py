"""Provide a clock that the test controls."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class Clock:
    """A clock that shows the time at which it was made, or `now` (seconds since the epoch), until it is advanced."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        """Return seconds since the epoch."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Advance the clock by that many seconds."""
        self.now += seconds

    @property
    def time(self) -> datetime:
        """Return the time in UTC."""
        return datetime.fromtimestamp(self.now, UTC)

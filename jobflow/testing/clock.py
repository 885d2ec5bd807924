"""Provide a clock that the test controls."""

from dataclasses import dataclass
from datetime import UTC, datetime

START = 1_800_000_000.0
"""2027-01-15T08:00:00Z, in seconds since the epoch."""


@dataclass
class Clock:
    """A clock that stands still; `now` in seconds since the epoch."""

    now: float = START

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

"""Time that moves when the test says so."""

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
        """Let so many seconds pass."""
        self.now += seconds

    @property
    def time(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self.now, UTC)

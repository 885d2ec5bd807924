"""Keep the clock of the emulator's queues: real time plus the time that a test has added."""

import time
from collections.abc import Callable


class ShiftableClock:
    """Seconds since the epoch (UTC), from `source`, plus every `advance` so far. It never goes back."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._shift = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self._source() + self._shift

    def advance(self, seconds: float) -> float:
        """Move forward by `seconds` and return the sum of all moves, in seconds.

        Raises ValueError for a negative or not finite step: queues cannot go back in time.
        """
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"a clock moves forward by a finite number of seconds, not by {seconds}")
        self._shift += seconds
        return self._shift

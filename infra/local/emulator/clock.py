"""The clock the emulator's queues run on: real time plus what a test has moved it forward."""

import time
from collections.abc import Callable


class ShiftableClock:
    """Seconds since the epoch (UTC), from `source`, plus every `advance` so far. It never goes back."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._shift = 0.0

    def __call__(self) -> float:
        return self._source() + self._shift

    def advance(self, seconds: float) -> float:
        """Move forward by `seconds` and return the whole shift, in seconds.

        Raises ValueError for a negative or not finite step: a queue has no meaning for time that runs back.
        """
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"a clock moves forward by a finite number of seconds, not by {seconds}")
        self._shift += seconds
        return self._shift

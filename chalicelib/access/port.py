"""Count requests per address, as a Protocol."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Window:
    """Numbers of requests from one address in two windows: the one that began at `start`, and the one before.

    `start` is in epoch seconds.
    """

    start: int
    count: int
    previous: int


class RateWindows(Protocol):
    """Count requests per address, atomically."""

    def hit(self, address: str, start: int, length: int, by: int = 1) -> Window:
        """Add `by` to the window that starts at `start` (epoch seconds); return the counts including `by`."""

    def forgive(self, address: str, start: int) -> None:
        """Subtract one refused request from the count."""

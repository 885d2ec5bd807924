"""Count requests per address, as a Protocol."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Window:
    """Numbers of requests from one address: in the window that began at `start` (epoch seconds), and the one before."""

    start: int
    count: int
    previous: int


class RateWindows(Protocol):
    """Counts requests per address, atomically."""

    def hit(self, address: str, start: int, length: int, by: int = 1) -> Window:
        """Count a request (as `by`) in the window that starts at `start`, and return the counts including it."""

    def forgive(self, address: str, start: int) -> None:
        """Subtract one refused request from the count."""

"""Count requests per address, as a Protocol."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Window:
    """One address's requests: in the window that began at `start` (epoch seconds), and in the one before."""

    start: int
    count: int
    previous: int


class RateWindows(Protocol):
    """Counts requests per address, atomically."""

    def hit(self, address: str, start: int, length: int, by: int = 1) -> Window:
        """Count a request (as `by`) in the window that starts at `start`, and return the counts with it."""

    def forgive(self, address: str, start: int) -> None:
        """Take one request that was refused out of the count again."""

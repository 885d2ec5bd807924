"""Declare the port to the function that works for operators."""

from typing import Protocol


class Background(Protocol):
    """Invoke the function that processes bulk actions, deletions and erasures."""

    def wake(self) -> None:
        """Start the function now, without waiting for its end; raises the platform's errors."""

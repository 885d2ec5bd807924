"""Requests per address and paused job types, as Protocols."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.jobs.ports.counters import Pause


@dataclass(frozen=True, slots=True)
class Window:
    """One address's requests: in the window that began at `start` (epoch seconds), and in the one before."""

    start: int
    count: int
    previous: int


class RateWindows(Protocol):
    """Counts requests per address, atomically."""

    def hit(self, address: str, start: int, length: int) -> Window:
        """Count one request in the window that starts at `start`, and return the counts with it."""

    def forgive(self, address: str, start: int) -> None:
        """Take one request that was refused out of the count again."""


class Pauses(Protocol):
    """Keeps which job types are paused, as `Standing` tells it."""

    def pause(self, job_type: str, pause: Pause) -> bool:
        """Write down that the type is paused; False, and the first pause stays, when it was already.

        An operator's pause takes the place of one by itself, and one by itself of an earlier one by itself.
        """

    def resume(self, job_type: str, *, by_itself: bool = False) -> None:
        """Write down that it is not; a type that was not paused is no error. `by_itself`: an operator's pause stays."""


class Deploys(Protocol):
    """Keeps the last deployments of the stage, as `Standing` tells them."""

    def deployed(self, version: str, at: float) -> None:
        """Write down that the stage has this version since `at` (seconds since the epoch)."""


class Helpers(Protocol):
    """Starts further runs of the watchdog beside the present one."""

    def look_at(self, types: Sequence[str], ids: Sequence[str]) -> None:
        """Start a run that looks at these jobs, of these types, and at nothing else; return before it has begun."""


class Consumers(Protocol):
    """Receives from the queues and invokes the workers."""

    def switch(self, job_type: str, *, on: bool) -> None:
        """Let the type's messages be received, or not any more; deliveries under way go on."""

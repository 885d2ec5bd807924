"""Pauses of job types that have ended, as a Protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.jobs.ports.counters import Pause


@dataclass(frozen=True, slots=True)
class PastPause:
    """A pause that has ended: until when (epoch seconds), and who resumed the type."""

    pause: Pause
    until: float
    resumed_by: str


class PastPauses(Protocol):
    """Keeps the pauses that have ended as long as the counters of that time."""

    def add(self, job_type: str, past: PastPause) -> None:
        """Write down a pause that ends; the same one again replaces it: a resume may be cut short and repeated."""

    def newest(self, job_type: str, most: int) -> Sequence[PastPause]:
        """Return at most so many of the type, the newest first."""

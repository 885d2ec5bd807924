"""Declare the plan of starts of job types with a rate, as a Protocol; both adapters pass one contract suite."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.job_types.rate import Rate


@dataclass(frozen=True, slots=True)
class Taken:
    """Times up to which a type's starts are planned (epoch seconds): given slots, and the turns after them."""

    slots_to: float = 0.0
    turns_to: float = 0.0


class Turns(Protocol):
    """Give out starts: one row per job type, usually one conditional write per call. Times in epoch seconds.

    Raises the store's error if a write fails; then no start was given out, or the starts that were given out are lost.
    """

    def taken(self, job_type: str) -> Taken:
        """Return the time up to which the type's starts are planned; it may be a second old.

        The time is never earlier than a slot that this object gave out or read.
        """

    def slots(self, job_type: str, rate: Rate, count: int, now: float, until: float) -> Sequence[float]:
        """Take the next `count` slots, not before `now`; take none if the last of them would be later than `until`."""

    def turns(self, job_type: str, rate: Rate, count: int, after: float) -> Sequence[float]:
        """Take `count` turns after all given turns, and not before the time `after`."""

    def forget(self, job_type: str, turns_to: float) -> None:
        """Delete the planned turns up to `turns_to`, because their jobs no longer exist.

        If turns after `turns_to` were given out, change nothing, and raise no error.
        """

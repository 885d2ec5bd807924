"""The plan of the starts of job types with a rate, as a Protocol; both adapters pass one contract suite."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.job_types.rate import Rate


@dataclass(frozen=True, slots=True)
class Taken:
    """Up to when a type's starts are planned (epoch seconds): slots given out, and turns in the queue behind them."""

    slots_to: float = 0.0
    turns_to: float = 0.0


class Turns(Protocol):
    """Gives out starts: one row a job type, one conditional write a call as a rule. Times in epoch seconds.

    Raises what the store raises when a write fails; then no start is given out, or one is lost.
    """

    def taken(self, job_type: str) -> Taken:
        """Return up to when the type's starts are planned; it may be a second old.

        It is never earlier than a slot that this object gave out or saw.
        """

    def slots(self, job_type: str, rate: Rate, count: int, now: float, until: float) -> Sequence[float]:
        """Take the next `count` slots, from `now` on; none, and nothing is taken, if the last is later than `until`."""

    def turns(self, job_type: str, rate: Rate, count: int, after: float) -> Sequence[float]:
        """Take `count` turns behind all that were given out, and not before the time `after`."""

    def forget(self, job_type: str, turns_to: float) -> None:
        """Forget the turns up to `turns_to`, whose jobs are gone. Later turns stay, and are no error."""

"""The rows of paused types, what delivers messages, and the start of a probe, as Protocols."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.counters.port import Pause
from chalicelib.jobs.port import Message
from chalicelib.pausing.rule import AutoPause


class Pauses(Protocol):
    """Keeps which job types are paused, as `Standing` tells it."""

    def pause(self, job_type: str, pause: Pause) -> bool:
        """Write down that the type is paused; False, and the first pause stays, when it was already.

        An operator's pause replaces an automatic one; an automatic pause replaces an earlier automatic one.
        """

    def resume(self, job_type: str, *, by_itself: bool = False) -> None:
        """Store that it is not paused; an unpaused type is no error. `by_itself`: an operator's pause stays."""


class Consumers(Protocol):
    """Receives from the queues and invokes the workers."""

    def switch(self, job_type: str, *, on: bool) -> None:
        """Switch the delivery of the type's messages on or off; deliveries under way go on."""


@dataclass(frozen=True, slots=True)
class PastPause:
    """A pause that has ended: until when (epoch seconds), and who resumed the type."""

    pause: Pause
    until: float
    resumed_by: str


class PastPauses(Protocol):
    """Keeps the pauses that have ended as long as the counters of that time."""

    def add(self, job_type: str, past: PastPause) -> None:
        """Store a pause that ends. The same pause again replaces it: a resume may be interrupted and repeated."""

    def newest(self, job_type: str, most: int) -> Sequence[PastPause]:
        """Return at most so many of the type, the newest first."""


class AutoPauses(Protocol):
    """Keeps one row a job type. Raises what the store raises when it does not answer."""

    def read(self, job_type: str, *, consistent: bool = True) -> AutoPause:
        """Return the row; a new one when there is none. Not `consistent`: it may be some milliseconds old."""

    def replace(self, job_type: str, seen: AutoPause, new: AutoPause) -> AutoPause | None:
        """Write the row if it is still as it was seen, and return it with its version; None when it is not.

        The same write twice is no error: the reply to the first time was lost.
        """


class Prober(Protocol):
    """Hands one message to a worker although the queue is switched off."""

    def probe(self, message: Message) -> None:
        """Start the worker of the message's type with it; returns before it has begun."""

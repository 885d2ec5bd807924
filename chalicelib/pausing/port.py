"""Declare the rows of paused types, the delivery of messages, and the start of a probe, as Protocols."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.counters.port import Pause
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Message
from chalicelib.pausing.rule import AutoPause


class Pauses(Protocol):
    """Store which job types are paused, for `Standing`."""

    def pause(self, job_type: str, pause: Pause) -> bool:
        """Record that the type is paused. If it was paused already, keep the first pause and return False.

        An operator's pause replaces an automatic one, and one by a budget; a pause by a budget replaces an automatic
        one; an automatic pause replaces an earlier automatic one.
        """

    def resume(self, job_type: str, *, by_itself: bool = False, by_budget: bool = False) -> bool:
        """Record that the type is not paused; a type without a pause is not an error.

        With `by_itself`, only an automatic pause is removed, with `by_budget` only one by a budget: other pauses stay.
        Return whether no pause was left in place.
        """


class Consumers(Protocol):
    """Receive from the queues and invoke the workers."""

    def switch(self, job_type: str, *, on: bool) -> None:
        """Enable or disable the delivery of messages, also from the type's urgent queue; active deliveries continue.

        Raises JobConflict if an earlier change is still being made, and PartlySwitched if only one queue was switched.
        """


@dataclass(frozen=True, slots=True)
class PastPause:
    """An ended pause: until when (epoch seconds), and who resumed the type."""

    pause: Pause
    until: float
    resumed_by: str


class PastPauses(Protocol):
    """Store ended pauses, as long as the counters of that time are kept."""

    def add(self, job_type: str, past: PastPause) -> None:
        """Store a pause that ends.

        Storing the same pause again replaces it, because a resume may be interrupted and repeated.
        """

    def newest(self, job_type: str, most: int) -> Sequence[PastPause]:
        """Return at most `most` ended pauses of the type, newest first."""


class AutoPauses(Protocol):
    """Store one row per job type. Raises the store's error if the store does not answer."""

    def read(self, job_type: str, *, consistent: bool = True) -> AutoPause:
        """Return the row; a new row if there is none. Without `consistent` the row may be some milliseconds old."""

    def replace(self, job_type: str, seen: AutoPause, new: AutoPause) -> AutoPause | None:
        """Write the row if it is unchanged since it was read, and return it with its version; None if it has changed.

        Repeating a write is not an error: the reply to the first write may have been lost.
        """


@dataclass(frozen=True, slots=True)
class ToTry:
    """Woken jobs of types with limits, of which one may be tried.

    `waits`: jobs wait, or may wait, for a place. `asked`: one of them waits for a place of a shared limit, which was
    asked for, so another job would only have to wait for it, too, and keep its narrower places meanwhile. `shared`: the
    jobs have places of a shared limit, which the other types lack.
    """

    jobs: Sequence[Job] = ()
    waits: bool = False
    asked: bool = False
    shared: bool = False


class InLines(Protocol):
    """Find the jobs of types with limits that may be tried, and keep slots for them."""

    def look(self, types: Collection[str], order: str) -> ToTry:
        """Return the jobs of these types that were woken, of the first limit that has some.

        `order` is a text that decides which limits of one kind come first: a place that was asked for in one minute is
        found in the next one if it stays the same.
        """

    def needs_slots(self, job: Job) -> bool:
        """Return whether the job cannot start without slots of shared rates, which `keep_slots` can keep for it."""

    def keep_slots(self, job: Job, most: float) -> float | None:
        """Keep these slots; return in how many seconds the job may be sent to a worker.

        Return None if this is not within `most` seconds. Then a slot that is far away is kept until a later run.
        """


class Prober(Protocol):
    """Give one message to a worker although the queue is disabled."""

    def probe(self, message: Message) -> None:
        """Invoke the worker of the message's type with the message; return before the worker has begun."""

"""Run the jobs of one key one at a time, in the order of their queue.

SQS hands out nothing of a message group while one of it is in flight. What it does not know is kept here: a message
that was given back lets none of its group pass in the same batch, and an attempt begins when no other one of its key
can still be running, wherever their messages came from (a purge, a copy, a message that outlived its receives).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chalicelib.errors import JobNotFound, KeyUnavailable, LeaseLost, RetryLater
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.ports import JobStore
from chalicelib.jobs.serial import attempt_as_holder, named, row_of
from chalicelib.jobs.single import Holder
from chalicelib.telemetry import events
from chalicelib.worker.delivery import Delivery
from chalicelib.worker.message_fate import Drop, Hold

TRIES = 3
"""Looks at a row that another attempt takes meanwhile."""
LOOK_AGAIN = 15.0
"""Seconds after which a held key is asked for again at the latest: its holder is mostly done long before its lease."""


class KeyHeld(RetryLater):
    """Another job of the same key runs: the attempt is given back before the job function was called."""


@dataclass
class InOrder:
    """Keeps the order of one worker process. `clock` gives epoch seconds.

    It stands where `Pacing` does for a type with a rate: a type has one of the two.
    """

    name: str
    store: JobStore
    clock: Callable[[], float]
    ended: None = None
    group: str = ""
    """The message group of the present message."""
    behind: set[str] = field(default_factory=set)
    """The groups of which this batch has given one back."""

    def begin(self, deliveries: Sequence[Delivery]) -> None:  # noqa: ARG002 - as Pacing has it
        """Begin with a batch."""
        self.behind.clear()

    def next(self, delivery: Delivery) -> Hold | None:
        """Go on to the next message; return that it must come again if one of its group waits, else None."""
        self.group = delivery.group
        return Hold(0, "behind another job of its key") if delivery.group in self.behind else None

    def after(self, delivery: Delivery, end: Drop | Hold) -> None:
        """Take note of what became of a message: unless its job is over, what follows of its group waits as well."""
        if isinstance(end, Hold) and not end.over:
            self.behind.add(delivery.group)

    def start(self, job: Job, left: float) -> None:  # noqa: ARG002 - as Pacing has it
        """Take the key for this attempt, and return when it may begin.

        Raises KeyHeld while another attempt may run, KeyUnavailable when the store does not answer, and LeaseLost when
        that took longer than the lease.
        """
        try:
            self._take(row_of(self.name, self.group), attempt_as_holder(job))
        except KeyHeld:
            raise
        except Exception as error:
            events.store_failed(self.name, job.id, error)
            raise KeyUnavailable(f"Another job of its key may run: {type(error).__name__}") from error
        if self.clock() >= (job.lease_until or 0.0):
            raise LeaseLost(job.id)

    def _take(self, row: str, attempt: Holder) -> None:
        for _ in range(TRIES):
            seen = self.store.holder(row)
            if seen is not None and (held := self._held_for(seen, attempt)) > 0:
                job_id, _token = named(seen)
                raise KeyHeld(min(LOOK_AGAIN, held), f"Job {job_id} of the same key runs; this one waits for its end.")
            if self.store.hold(row, seen, attempt):
                return
        raise KeyHeld(1, "Other jobs of the same key begin at the same time.")

    def _held_for(self, seen: Holder, attempt: Holder) -> float:
        """Return for how many seconds the attempt that was seen may still run: 0 if it has ended, or its lease has."""
        left = seen.until - self.clock()
        if left <= 0 or seen.job == attempt.job:
            return 0.0
        job_id, token = named(seen)
        try:
            found = self.store.get(job_id)
        except JobNotFound:
            return 0.0
        return left if found.status is Status.PROCESSING and found.token == token else 0.0

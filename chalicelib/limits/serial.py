"""Run jobs with the same key one at a time, in the order of their queue.

While a message of a group is in flight, SQS delivers no other message of the group. This module adds two rules. First,
if a worker gives back a message, it also gives back the later messages of its group in the same batch. Second, an
attempt begins only if no other attempt with the same key can still run. The second rule matters if a message was
received out of its group's order: after a purge, as a copy, or after too many receives.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chalicelib.errors import JobNotFound, KeyUnavailable, LeaseLost
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message_fate import Drop, Hold
from chalicelib.jobs.port import JobStore, KeyLock
from chalicelib.limits.constants import KEY_LOOK_AGAIN, KEY_TRIES
from chalicelib.limits.serial_rule import KeyHeld, lock_of_attempt, named, row_of
from chalicelib.telemetry import events


@dataclass
class InOrder:
    """Keep the order of the jobs of each key in one worker process. `clock` returns epoch seconds."""

    name: str
    store: JobStore
    clock: Callable[[], float]
    group: str = ""
    """The message group of the present message."""
    behind: dict[str, bool] = field(default_factory=dict)
    """The groups of this batch, and whether a message of each was given back."""

    def begin(self, deliveries: Sequence[Delivery]) -> None:
        """Begin with a batch."""
        self.behind = {delivery.group: False for delivery in deliveries}

    def next(self, delivery: Delivery) -> Hold | None:
        """Go to the next message; return a Hold if an earlier message of its group was given back, else None."""
        self.group = delivery.group
        return Hold(0, "behind another job of its key") if self.behind.get(delivery.group) else None

    def after(self, delivery: Delivery, end: Drop | Hold) -> None:
        """Record the result for a message. Unless its job has ended, the later messages of its group are held too."""
        if isinstance(end, Hold) and not end.over:
            self.behind[delivery.group] = True

    def start(self, job: Job) -> None:
        """Acquire the key for this attempt, and return as soon as the attempt may begin.

        Raises KeyHeld while another attempt may run, KeyUnavailable if the store does not answer, and LeaseLost if
        acquiring the key took longer than the lease.
        """
        try:
            self._take(row_of(self.name, self.group), lock_of_attempt(job))
        except KeyHeld:
            raise
        except Exception as error:
            events.store_failed(job, error)
            raise KeyUnavailable(f"Another job with the same key may be running: {type(error).__name__}") from error
        if self.clock() >= (job.lease_until or 0.0):
            raise LeaseLost(job.id)

    def on_settle(self) -> None:
        """Do nothing: the key is free as soon as the attempt has ended."""

    def _take(self, row: str, attempt: KeyLock) -> None:
        for _ in range(KEY_TRIES):
            seen = self.store.key_lock(row)
            if seen is not None and (held := self._held_for(seen, attempt)) > 0:
                job_id, _token = named(seen)
                raise KeyHeld(
                    min(KEY_LOOK_AGAIN, held),
                    f"Job {job_id} with the same key is running; this job waits until it ends.",
                )
            if self.store.acquire(row, seen, attempt):
                return
        raise KeyHeld(1, "Other jobs with the same key are starting at the same time.")

    def _held_for(self, seen: KeyLock, attempt: KeyLock) -> float:
        """Return for how many more seconds the attempt in the row may run: 0 if the attempt or its lease has ended."""
        left = seen.until - self.clock()
        if left <= 0 or seen.job == attempt.job:
            return 0.0
        job_id, token = named(seen)
        try:
            found = self.store.get_without_bodies(job_id)
        except JobNotFound:
            return 0.0
        return left if found.status is Status.PROCESSING and found.token == token else 0.0

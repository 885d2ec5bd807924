"""Decide when the jobs of a worker may start: at once, by the rate of their type, or one at a time per key."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.job import Job
from chalicelib.jobs.message_fate import Drop, Hold
from chalicelib.jobs.port import JobStore
from chalicelib.limits.port import Turns
from chalicelib.limits.rate import Pacing
from chalicelib.limits.serial import InOrder


class StartPolicy(Protocol):
    """Decide for one worker process when a job may start."""

    def begin(self, deliveries: Sequence[Delivery]) -> None:
        """Begin with a batch."""

    def next(self, delivery: Delivery) -> Drop | Hold | None:
        """Go to the next message of the batch; return what to do with it if its job cannot start, else None."""

    def after(self, delivery: Delivery, end: Drop | Hold) -> None:
        """Record the result for a message."""

    def start(self, job: Job) -> None:
        """Return as soon as the claimed job may start; raises the reason why it may not."""

    def on_settle(self) -> float | None:
        """Record that the run has ended; return when it began (epoch seconds) if that was later than the claim."""


class Immediate:
    """Let each job start as soon as it is claimed."""

    def begin(self, deliveries: Sequence[Delivery]) -> None:
        """See StartPolicy."""

    def next(self, delivery: Delivery) -> None:
        """See StartPolicy."""

    def after(self, delivery: Delivery, end: Drop | Hold) -> None:
        """See StartPolicy."""

    def start(self, job: Job) -> None:
        """See StartPolicy."""

    def on_settle(self) -> None:
        """See StartPolicy."""


def start_policy(
    kind: JobType[Any, Any],
    store: JobStore,
    turns: Callable[[], Turns],
    clock: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> StartPolicy:
    """Return the policy of a job type; `turns` is called only for a type with a rate."""
    if kind.serial_by is not None:
        return InOrder(kind.name, store, clock)
    if (rate := kind.pace) is not None:
        return Pacing.of(kind, rate, turns(), store, clock, sleep)
    return Immediate()

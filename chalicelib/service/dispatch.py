"""Send the messages of stored jobs, and write down that they were sent."""

import contextlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.errors import JobFlowError, MoveRefused
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job
from chalicelib.jobs.ports import JobQueue, JobStore, Message
from chalicelib.jobs.tenants import group_of
from chalicelib.telemetry import events

AT_ONCE = 10
"""Messages in one request: SQS's limit."""


@dataclass(frozen=True)
class Dispatcher:
    """Sends for producers, operators and the watchdog. `clock` gives seconds since the epoch."""

    store: JobStore
    queue: JobQueue
    clock: Callable[[], float] = time.time

    def now(self) -> float:
        """Return seconds since the epoch, to the millisecond: what is stored is what was meant."""
        return round(self.clock(), 3)

    def send(self, job: Job, delay: int = 0) -> None:
        """Send a job's message, visible in `delay` seconds, and mark the job as sent; raises what the queue raises."""
        self.queue.send(_message(job), delay)
        with contextlib.suppress(MoveRefused):  # a worker was faster: its claim marks the job as sent
            self.store.apply(job.id, transitions.mark_sent(job))

    def send_many(self, jobs: Sequence[Job], delays: Mapping[str, int], ends: float = math.inf) -> set[str]:
        """Send up to ten jobs' messages, of one type, in one request; return the ids of those that got out.

        `delays` are in seconds, by id. From `ends` on (epoch seconds) the jobs are no longer marked as sent.
        """
        try:
            lost = {message.id for message in self.queue.send_many([_message(job) for job in jobs], delays)}
        except Exception as error:
            for job in jobs:
                events.dispatch_deferred(job, error)
            return set()
        for job in jobs:
            if job.id in lost:
                events.dispatch_deferred(job, JobFlowError("The queue did not take the message."))
            elif self.now() < ends:
                self._mark(job)
        return {job.id for job in jobs} - lost

    def _mark(self, job: Job) -> None:
        if job.sent:
            return
        try:
            self.store.apply(job.id, transitions.mark_sent(job))
        except MoveRefused:
            return  # a worker was faster: its claim marks the job as sent
        except Exception as error:
            # The message is out; without the mark the watchdog may send another, and the claim lets one of them run.
            events.dispatch_deferred(job, error)


def _message(job: Job) -> Message:
    return Message(job.id, job.gen, job.type, job.correlation_id, group_of(job.tags))

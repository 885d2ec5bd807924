"""Send the messages of jobs: the message of a new job is sent before the job is stored, other messages afterwards.

Sending first saves the write that marks the job as sent. A worker that finds no job for a message holds the message for
longer than a write can take (`jobs/message_fate.py`). If a process ends between sending and storing, the message is
dropped later; the caller got no answer for the job.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from chalicelib.errors import JobFlowError, MoveRefused
from chalicelib.job_types.jobtype import longest_delay
from chalicelib.jobs import transitions
from chalicelib.jobs.constants import MOST_MESSAGES
from chalicelib.jobs.job import NEW, Job
from chalicelib.jobs.port import JobQueue, JobStore, Message
from chalicelib.jobs.tenants import group_of
from chalicelib.jobs.trace import of_run
from chalicelib.limits.port import PlaceStore
from chalicelib.operating.constants import STILL_SENDING
from chalicelib.operating.destination import is_urgent, queue_for
from chalicelib.telemetry import events

T = TypeVar("T")


@dataclass(frozen=True)
class Dispatcher:
    """Send messages for producers, operators and the watchdog. `clock` gives seconds since the epoch.

    The watchdog sends the rest later: messages that their queue refuses, and messages whose time is later than the
    longest delay of their queue allows.
    """

    store: JobStore
    queue: JobQueue
    clock: Callable[[], float] = time.time
    places: Callable[[], PlaceStore] | None = None
    """Returns the places of limits; None: this process leaves them to the watchdog."""

    def now(self) -> float:
        """Return seconds since the epoch, rounded to milliseconds like stored times."""
        return round(self.clock(), 3)

    def too_early(self, job: Job) -> bool:
        """Return whether the job may run only after the longest delay of its queue."""
        return self._delay_of(job) > longest_delay(job.type)

    def stranded(self, job: Job) -> bool:
        """Return whether the message of a stored job should already have been sent."""
        return job.status in NEW and not job.sent and self.now() - job.updated_at >= STILL_SENDING

    def send(self, job: Job) -> Job:
        """Send the message of a stored job, and mark the job as sent; return the job, as sent if both succeeded."""
        return self.mark(job) if self._send(job) else job

    def wake(self, job: Job) -> Job:
        """Wake a suspended job; return it. Sends no message. Raises MoveRefused if another process was faster."""
        woken = self.store.apply(job.id, transitions.wake(job, now=self.now(), sent=False))
        events.moved(woken, "wake", waited_for=job.waits)
        return woken

    def send_ahead(self, job: Job) -> Job:
        """Send the message of a job that is not stored yet; return the job, as sent if its message was sent."""
        return replace(job, sent=True) if self._send(job) else job

    def send_anew(self, job: Job, delay: int) -> bool:
        """Send a further message of a job, visible in `delay` seconds; return False if the request failed."""
        try:
            self.queue.send(_message(job), delay)
        except Exception as error:
            events.dispatch_deferred(job, error)
            return False
        return True

    def send_many(
        self, jobs: Sequence[Job], delays: Mapping[str, int] | None = None, ends: float = math.inf
    ) -> set[str]:
        """Send jobs' messages, ten of one queue in a request; return the ids of the jobs whose messages were sent.

        `delays` are in seconds, by id; without them each message is visible at its job's time. After `ends` (epoch
        seconds), no request is started and no job is marked. Jobs that are already `sent` need no mark, unless they are
        sent again.
        """
        wait = delays or {job.id: self._delay_of(job) for job in jobs}
        soon = [job for job in jobs if wait[job.id] <= longest_delay(job.type)]
        by_queue = tens(soon, queue_for)
        return {job_id for ten in by_queue for job_id in self._send_ten(ten, wait, ends)}

    def mark(self, job: Job) -> Job:
        """Mark a job as sent, with the time if it was sent before; return the job."""
        if job.sent and not job.resends:
            return job
        try:
            with contextlib.suppress(MoveRefused):  # the claim of a faster worker has marked the job as sent
                self.store.apply(job.id, transitions.mark_sent(job, now=self.now()))
        except Exception as error:
            # The message is sent, but the job is not marked as sent, so the watchdog may send another message. Only one
            # of the two messages can claim the job.
            events.dispatch_deferred(job, error)
            return job
        return replace(job, sent=True)

    def _delay_of(self, job: Job) -> int:
        turn = job.next_attempt_at if transitions.waited_limit(job) is not None else None  # of a woken job
        return max(0, math.ceil(max(job.run_at or 0, turn or 0) - self.now()))

    def _send(self, job: Job) -> bool:
        if self.too_early(job):
            return False
        try:
            self.queue.send(_message(job), self._delay_of(job))
        except Exception as error:
            events.dispatch_deferred(job, error)
            return False
        return True

    def _send_ten(self, jobs: Sequence[Job], delays: Mapping[str, int], ends: float) -> set[str]:
        if self.now() >= ends:
            return _deferred(jobs, JobFlowError("There was no time left."))
        try:
            lost = {message.id for message in self.queue.send_many([_message(job) for job in jobs], delays)}
        except Exception as error:
            return _deferred(jobs, error)
        _deferred([job for job in jobs if job.id in lost], JobFlowError("The queue did not take the message."))
        out = [job for job in jobs if job.id not in lost]
        for job in out:
            if self.now() < ends:
                self.mark(job)
        return {job.id for job in out}


def tens(sent: Iterable[T], queue: Callable[[T], str]) -> Iterator[Sequence[T]]:
    """Split messages into groups of ten of one queue, the maximum of one request to SQS."""
    by_queue: dict[str, list[T]] = {}
    for one in sent:
        by_queue.setdefault(queue(one), []).append(one)
    for same in by_queue.values():
        yield from (same[start : start + MOST_MESSAGES] for start in range(0, len(same), MOST_MESSAGES))


def _deferred(jobs: Sequence[Job], error: Exception) -> set[str]:
    """Log that the watchdog will send these jobs' messages; return an empty set, because none was sent."""
    for job in jobs:
        events.dispatch_deferred(job, error)
    return set()


def _message(job: Job) -> Message:
    context = None if job.trace is None else of_run(job)
    return Message(job.id, job.gen, job.type, job.correlation_id, group_of(job.tags), context, is_urgent(job))

"""Send the messages of jobs: before a new job is stored, which saves the write that marks it as sent; else afterwards.

A worker that finds no job for a message holds it for longer than a write can take (`worker/message_fate.py`). A process
that ends between the two leaves a message that is dropped later; its caller was never told of a job.
"""

import contextlib
import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from chalicelib.errors import JobFlowError, JobNotFound, MoveRefused
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.ports.jobs import JobStore
from chalicelib.jobs.ports.queue import JobQueue, Message
from chalicelib.jobs.tenants import group_of
from chalicelib.jobs.types.registry import longest_delay
from chalicelib.service.submission import Wanted
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
        """Return seconds since the epoch, rounded to the millisecond as they are stored."""
        return round(self.clock(), 3)

    def queue_up(self, job: Job, delay: int = 0) -> None:
        """Send a job's message, visible in `delay` seconds; raises what the queue raises."""
        self.queue.send(_message(job), delay)

    def send(self, job: Job, delay: int = 0) -> None:
        """Send a job's message, visible in `delay` seconds, and mark the job as sent; raises what the queue raises."""
        self.queue_up(job, delay)
        with contextlib.suppress(MoveRefused):  # a worker was faster: its claim marks the job as sent
            self.store.apply(job.id, transitions.mark_sent(job, now=self.now()))

    def send_many(self, jobs: Sequence[Job], delays: Mapping[str, int], ends: float = math.inf) -> set[str]:
        """Send up to ten jobs' messages, of one type, in one request; return the ids of those that got out.

        `delays` are in seconds, by id. After `ends` (epoch seconds) no job is marked as sent any more. Jobs that are
        `sent` already need no mark, unless they are sent again.
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
                self.mark(job)
        return {job.id for job in jobs} - lost

    def mark(self, job: Job) -> Job:
        """Write down that a job's message got out, and when, if another one was sent before; return the job."""
        if job.sent and not job.resends:
            return job
        try:
            return self.store.apply(job.id, transitions.mark_sent(job, now=self.now()))
        except MoveRefused:
            return job  # a worker was faster: its claim marks the job as sent
        except Exception as error:
            # The message is out; without the mark the watchdog may send another, and the claim lets one of them run.
            events.dispatch_deferred(job, error)
            return job


def _message(job: Job) -> Message:
    return Message(job.id, job.gen, job.type, job.correlation_id, group_of(job.tags))


class Storing(Protocol):
    """Stores and sends jobs, as the service of producers does."""

    @property
    def store(self) -> JobStore:
        """Return the store."""

    @property
    def dispatcher(self) -> Dispatcher:
        """Return what sends messages."""

    def add(self, job: Job) -> tuple[Job, bool]:
        """Store a job; return it, and False with the one that its key has made before."""

    def delay_of(self, job: Job) -> int:
        """Return whole seconds until the job may run."""

    def send(self, job: Job) -> Job:
        """Send the message of a stored job."""

    def stranded(self, job: Job) -> bool:
        """Return whether a stored job should have been sent by now, and was not."""


def is_made(storing: Storing, wanted: Wanted) -> bool:
    """Return True when an earlier request with the same key has made the job: one read with a key, none without.

    This saves a message. Two requests at the same time may still both send one; a worker then drops the second.
    """
    if wanted.job.idempotency_key is None:
        return False
    try:
        storing.store.get(wanted.job.id)
    except JobNotFound:
        return False
    return True


def made_before(storing: Storing, asked: Sequence[Wanted]) -> Collection[str]:
    """Return the ids of those jobs that their keys have made before, by one read for all."""
    keyed = list(dict.fromkeys(wanted.job.id for wanted in asked if wanted.job.idempotency_key is not None))
    return {job.id for job in storing.store.peek(keyed)} if keyed else ()


def send_and_add(storing: Storing, job: Job) -> tuple[Job, bool]:
    """Send a new job's message, then store it as sent; return what `add` returns.

    A job is stored as unsent when its message does not get out, and when its time is too far away for a message.
    """
    delay = storing.delay_of(job)
    if delay <= longest_delay(job.type):
        try:
            storing.dispatcher.queue_up(job, delay)
            job = replace(job, sent=True)
        except Exception as error:
            events.dispatch_deferred(job, error)
    return add_sent(storing, job)


def send_ahead(storing: Storing, jobs: Sequence[Job], delays: Mapping[str, int]) -> Sequence[Job]:
    """Send the messages of up to ten new jobs of one type; return the jobs, as sent where that is so."""
    marked = [replace(job, sent=True) for job in jobs]
    out = storing.dispatcher.send_many(marked, delays)
    return [after if after.id in out else job for job, after in zip(jobs, marked, strict=True)]


def add_sent(storing: Storing, job: Job) -> tuple[Job, bool]:
    """Store a job, of which `sent` says whether its message is out; return what `add` returns.

    When its key has made a job before, that one has the same id: the message is for it as well, unless it was retried.
    """
    kept, new = storing.add(job)
    if new:
        return kept, True
    if job.sent and not kept.sent and kept.status is Status.QUEUED and kept.gen == job.gen:
        return storing.dispatcher.mark(kept), False
    return (storing.send(kept) if storing.stranded(kept) else kept), False

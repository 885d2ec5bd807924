"""Send the message of a new job before the job is stored: so a stored job has its message, and no write says so.

A message that finds no job is held by the worker for longer than a write can take (`worker/message_fate.py`). Whoever
dies between the two leaves a message that is dropped, and a job that was never promised to anybody.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from chalicelib.errors import JobNotFound
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.limits import SQS_LONGEST_DELAY
from chalicelib.jobs.ports import JobStore
from chalicelib.service.dispatch import Dispatcher
from chalicelib.service.submission import Wanted
from chalicelib.telemetry import events


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
    """Return whether a job's key has made it before, by one read; without a key, by none.

    A message for it would be one too many. Whoever is slower than another request with its key sends one all the same.
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

    A job whose message does not get out is stored as unsent, as is one whose time is too far away for a message.
    """
    delay = storing.delay_of(job)
    if delay <= SQS_LONGEST_DELAY:
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
    """Store a job whose message went out if it is `sent`; return what `add` returns.

    The message is one for the job that its key has made before, too, if that is in its first run.
    """
    kept, new = storing.add(job)
    if new:
        return kept, True
    if job.sent and not kept.sent and kept.status is Status.QUEUED and kept.gen == job.gen:
        return storing.dispatcher.mark(kept), False
    return (storing.send(kept) if storing.stranded(kept) else kept), False

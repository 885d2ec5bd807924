"""Cancel a job with all that it made, and what that made in turn."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.errors import JobConflict, JobNotFound
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Job
from chalicelib.jobs.limits import TIME_TO_ACT
from chalicelib.jobs.port import Filter
from chalicelib.operating.operations import Operations

MOST = 10_000
"""Unfinished jobs that one request comes to. It passes those that have finished, so a repeated request gets further."""
AT_ONCE = 100
"""Jobs in one read."""


@dataclass
class Told:
    """Numbers of descendants, by what was done with them. `more`: not all of them were looked at."""

    cancelled: int = 0
    asked: int = 0
    finished: int = 0
    more: bool = False


def cancel_all(operations: Operations, job_id: str) -> tuple[Job, Told]:
    """Cancel a job and its descendants; return the job and what became of them. One that has finished is passed.

    A job is cancelled before the jobs that it made, so that it makes no more, unless it runs. Raises JobNotFound.
    """
    try:
        first = operations.cancel(job_id)
    except JobConflict:
        first = operations.dispatcher.store.get(job_id)
    told, ends = Told(), operations.dispatcher.now() + TIME_TO_ACT
    left = MOST
    for job in _descendants(operations, first):
        if left == 0 or operations.dispatcher.now() >= ends:
            told.more = True
            break
        left -= not job.terminal
        _cancel(operations, job, told)
    return first, told


def _cancel(operations: Operations, job: Job, told: Told) -> None:
    try:
        after = None if job.terminal else operations.cancel(job.id)
    except (JobConflict, JobNotFound):
        after = None  # it has finished, or is gone by now
    told.finished += after is None
    told.cancelled += after is not None and after.terminal
    told.asked += after is not None and not after.terminal


def _descendants(operations: Operations, first: Job) -> Iterator[Job]:
    """Yield what a job made, then what those made, and so on. What is yielded is read further only afterwards."""
    waiting = deque([first])
    while waiting:
        for child in _children(operations, waiting.popleft()):
            yield child
            if _makes_some(child):
                waiting.append(child)


def _makes_some(job: Job) -> bool:
    """Return False for a job whose type makes no jobs, which saves a read."""
    kind = registered.get(job.type)
    return kind is None or bool(kind.enqueues)


def _children(operations: Operations, parent: Job) -> Iterator[Job]:
    position = None
    while True:
        page = operations.dispatcher.store.page(Filter(parent=parent.id), AT_ONCE, position)
        yield from page.jobs
        if page.position is None:
            return
        position = page.position

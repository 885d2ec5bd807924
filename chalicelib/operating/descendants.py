"""Cancel a job with its children, their children, and so on."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.errors import JobConflict, JobNotFound
from chalicelib.job_types.constants import OF_PLATFORM
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.constants import TIME_TO_ACT
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Filter
from chalicelib.operating.constants import DESCENDANTS_IN_READ, MOST_DESCENDANTS
from chalicelib.operating.operations import Operations


@dataclass
class Told:
    """Numbers of descendants by result. `more`: some were not checked."""

    cancelled: int = 0
    asked: int = 0
    finished: int = 0
    more: bool = False


def cancel_all(operations: Operations, job_id: str) -> tuple[Job, Told]:
    """Cancel a job and its descendants; return the job, and the numbers by result. Finished jobs are skipped.

    A job is cancelled before its children, so that it makes no more children; only a running job may still make more.
    Raises JobNotFound.
    """
    try:
        first = operations.cancel(job_id)
    except JobConflict:
        first = operations.dispatcher.store.get(job_id)
    told, ends = Told(), operations.dispatcher.now() + TIME_TO_ACT
    left = MOST_DESCENDANTS
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
        after = None  # the job has finished, or was deleted meanwhile
    told.finished += after is None
    told.cancelled += after is not None and after.terminal
    told.asked += after is not None and not after.terminal


def _descendants(operations: Operations, first: Job) -> Iterator[Job]:
    """Yield the children of a job, then their children, and so on.

    The children of a job are read after the caller has handled the job.
    """
    waiting = deque([first])
    while waiting:
        for child in _children(operations, waiting.popleft()):
            if child.type in OF_PLATFORM:
                continue  # a delivery reports the end of the job, and is not part of its work
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
        page = operations.dispatcher.store.page(Filter(parent=parent.id), DESCENDANTS_IN_READ, position)
        yield from page.jobs
        if page.position is None:
            return
        position = page.position

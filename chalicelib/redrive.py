"""Retry dead-lettered jobs in bulk, each the proper way: a new generation and a new message."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.errors import JobConflict, JobNotFound
from chalicelib.job import Status
from chalicelib.ports import Filter
from chalicelib.service import JobService

MOST_AT_ONCE = 500
PAGE = 100
TIME_LIMIT = 20.0
"""Seconds after which a call answers with what it has done: the gateway waits for 29."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """What one call did: jobs found, retried, and left alone because someone else was faster; and whether to go on."""

    matched: int
    done: int
    skipped: int
    more: bool


def redrive(
    service: JobService,
    *,
    job_type: str | None = None,
    limit: int = PAGE,
    dry_run: bool = False,
    timer: Callable[[], float] = time.monotonic,
) -> Redriven:
    """Retry up to `limit` (1-500) dead-lettered jobs, of one type or of all, newest first; or only count them.

    Resumable and safe to repeat, also side by side: a job that was retried is dead-lettered no more, so the next call
    does not meet it. Stops after 20 s of `timer`. Each job costs four requests, a page of 100 one more.
    """
    ends = timer() + TIME_LIMIT
    which = Filter(status=Status.DEAD_LETTER, type=job_type)
    matched = done = 0
    position: str | None = None
    while matched < limit:
        page = service.store.page(which, min(PAGE, limit - matched), position)
        for job in page.jobs:
            if timer() >= ends:
                return Redriven(matched, done, matched - done if not dry_run else 0, more=True)
            matched += 1
            done += not dry_run and _retried(service, job.id)
        position = page.position
        if position is None:
            break
    return Redriven(matched, done, 0 if dry_run else matched - done, more=position is not None)


def _retried(service: JobService, job_id: str) -> bool:
    try:
        service.retry(job_id)
    except (JobConflict, JobNotFound):
        return False
    return True

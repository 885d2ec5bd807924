"""A crowd of jobs in all states, and walks through the pages that list them."""

import random
from collections.abc import Iterator

from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter, JobStore
from tests.support import T0, a_job


def crowd(number: int) -> list[Job]:
    """So many jobs in all states, some of the same millisecond."""
    chance = random.Random(7)
    jobs = []
    for _ in range(number):
        status, created = chance.choice(list(Status)), T0 + chance.randrange(120) / 4
        later = created + chance.randrange(1, 9) if status is Status.SCHEDULED else None
        kind, tags = chance.choice(["email.send", "image.process"]), chance.choice([(), ("urgent",)])
        jobs.append(a_job(status=status, type=kind, created_at=created, run_at=later, tags=tags))
    return jobs


def walk(store: JobStore, which: Filter, limit: int, position: str | None = None) -> Iterator[list[Job]]:
    """Every page from a position on, or from the newest job."""
    for _ in range(500):
        page = store.page(which, limit, position)
        assert len(page.jobs) <= limit
        yield list(page.jobs)
        position = page.position
        if position is None:
            return
    raise AssertionError("the pages do not end")


def ids(jobs: list[Job]) -> list[str]:
    return [job.id for job in jobs]


def all_of(store: JobStore, which: Filter, limit: int = 7) -> list[Job]:
    return [job for page in walk(store, which, limit) for job in page]

"""Make many jobs in all states, and read the pages that list them."""

from collections.abc import Iterator

from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Filter, JobStore


def walk(store: JobStore, which: Filter, limit: int, position: str | None = None) -> Iterator[list[Job]]:
    """Yield every page from a position, or from the newest job."""
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

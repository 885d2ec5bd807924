"""Provide two stores of jobs on separate tables: one with the earlier state, one with the present state."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Filter, JobStore
from chalicelib.settings import Settings
from tests.support import SETTINGS, Clock, create_stores

BEFORE = replace(SETTINGS, jobs_table="before-jobs", control_table="before-control", files_bucket="before-files")


def stores(clock: Clock, settings: Settings = SETTINGS) -> tuple[DynamoJobStore, DynamoJobStore]:
    """Return the store of the restored table and that of the live table; both read the live bucket."""
    create_stores(BEFORE)
    then = replace(BEFORE, files_bucket=settings.files_bucket)
    return DynamoJobStore(then, clock), DynamoJobStore(settings, clock)


def every(store: JobStore) -> Sequence[Job]:
    """Return each job completely."""
    found: list[Job] = []
    position: str | None = None
    while True:
        page = store.page(Filter(), 100, position)
        found += [store.get(job.id) for job in page.jobs]
        position = page.position
        if position is None:
            return found

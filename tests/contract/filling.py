"""Put many jobs into a store at once, for tests of reads: one request for 25 jobs instead of one for each job."""

from collections.abc import Iterable

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobStore
from tests.seeding import IN_ONE_WRITE
from tests.support import REGION


def fill(store: JobStore, jobs: Iterable[Job]) -> None:
    """Add new jobs, each with the rows that `add` writes."""
    if not isinstance(store, DynamoJobStore):
        for job in jobs:
            store.add(job)
        return
    jobs = list(jobs)
    for job in jobs:
        if job.parent is not None:
            store._children.keep(job)
    puts = [{"PutRequest": {"Item": store._placed(job).serialize()}} for job in jobs]
    for start in range(0, len(puts), IN_ONE_WRITE):
        portion = {store._table.name: puts[start : start + IN_ONE_WRITE]}
        aws.client("dynamodb", REGION).batch_write_item(RequestItems=portion)

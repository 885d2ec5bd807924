"""Add index partitions to a table with jobs: each list contains every job exactly once."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.dynamo.counting.census import DynamoCensus
from chalicelib.adapters.dynamo.jobs.shards import Shards
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter, Search
from chalicelib.settings import Settings
from tests.support import T0, Clock, a_job

JOBS = 8
ERROR = ("ValueError", "boom")


def store_of(cloud: Settings, written: int, read: int) -> DynamoJobStore:
    """Return a store of a deployment with that many shards."""
    settings = replace(cloud, index_shards=written, index_shards_read=read)
    return DynamoJobStore(settings, Clock(T0 + 500), lambda: ["email.send"])


def fill(store: DynamoJobStore, first: int) -> list[Job]:
    """Store jobs in four states, one each second from `first` on."""
    jobs = [a_job(created_at=T0 + first + n, updated_at=T0 + first + n, due_at=T0 + 60, sent=True) for n in range(JOBS)]
    for number, job in enumerate(jobs):
        store.add(job)
        if number % 4:
            held = claim(store, job)
            if number % 4 == 1:
                store.apply(job.id, transitions.fail(held, now=T0 + 400, error=ERROR))
            elif number % 4 == 2:
                store.apply(job.id, transitions.complete(held, now=T0 + 400, result=None))
    return jobs


def claim(store: DynamoJobStore, job: Job) -> Job:
    by = Claimant("r", cold_start=False, receive_count=1)
    return store.apply(job.id, transitions.claim(1, now=T0 + 300, lease_until=T0 + 365, by=by, job_type=job.type))


def listed(store: DynamoJobStore, which: Filter) -> Iterator[str]:
    """Return the ids of all pages of a list."""
    position = None
    while True:
        page = store.page(which, 7, position)
        yield from (job.id for job in page.jobs)
        position = page.position
        if position is None:
            return


def every_list(store: DynamoJobStore, fingerprint: str | None) -> dict[str, list[str]]:
    """Return every kind of list, completely."""
    filters: dict[str, Filter] = {status: Filter(status=status) for status in (Status.QUEUED, Status.PROCESSING,
        Status.FAILED, Status.COMPLETED)}  # fmt: skip
    filters |= {"all": Filter(), "type": Filter(type="email.send"), "error": Filter(fingerprint=fingerprint)}
    found = {name: list(listed(store, which)) for name, which in filters.items()}
    overdue = store.overdue(Search("email.send", before=T0 + 500), T0 + 500, 1000)
    return {**found, "overdue": [entry.id for entry in overdue]}


def test_jobs_from_before_and_after_are_each_in_every_list_once(cloud: Settings) -> None:
    grown = 8
    before = store_of(cloud, 4, 4)
    old = fill(before, 0)
    # the first deployment reads more shards; functions of the old version still write and read
    between = store_of(cloud, 4, grown)
    old += fill(between, 100)
    assert Counter(listed(before, Filter())) == Counter(listed(between, Filter()))
    after = store_of(cloud, grown, grown)
    jobs = old + fill(after, 200)
    fingerprint = next(job.fingerprint for job in map(after.get, [job.id for job in jobs]) if job.fingerprint)

    def expected(*places: int) -> Counter[str]:
        return Counter(job.id for number, job in enumerate(jobs) if number % 4 in places)

    found = {name: Counter(ids) for name, ids in every_list(after, fingerprint).items()}
    assert found == {
        "queued": expected(0), "failed": expected(1), "completed": expected(2), "processing": expected(3),
        "all": expected(0, 1, 2, 3), "type": expected(0, 1, 2, 3), "error": expected(1), "overdue": expected(0, 3),
    }  # fmt: skip
    # functions of the first of the two deployments find the same jobs, while the second deployment replaces them
    assert {name: Counter(ids) for name, ids in every_list(between, fingerprint).items()} == found
    # the same is true when fewer shards are written again
    assert {name: Counter(ids) for name, ids in every_list(store_of(cloud, 4, grown), fingerprint).items()} == found


def test_a_recount_counts_the_jobs_of_all_shards_once(cloud: Settings) -> None:
    fill(store_of(cloud, 4, 4), 0)
    fill(store_of(cloud, 8, 8), 100)
    census = DynamoCensus(replace(cloud, index_shards=8, index_shards_read=8))
    seen = Counter(
        one.status for part in range(census.parts()) for page in census.pages(part, None) for one in page.jobs
    )
    assert set(seen.values()) == {2 * JOBS // 4}


@pytest.mark.parametrize("moved_after", [0, 1, 3, 4, 7])
def test_a_job_that_moves_to_a_new_shard_while_a_page_is_read_is_in_it_once(
    cloud: Settings, monkeypatch: pytest.MonkeyPatch, moved_after: int
) -> None:
    """Before the first query of the page, or between two queries, all queued jobs are claimed; half of them move."""
    jobs = [a_job(created_at=T0 + n, sent=True) for n in range(16)]
    before, after = store_of(cloud, 4, 8), store_of(cloud, 8, 8)
    for job in jobs:
        before.add(job)
    with monkeypatch.context() as patch:
        between_queries(after, patch, moved_after, lambda: [claim(after, job) for job in jobs])
        page = after.page(Filter(status=Status.PROCESSING, type="email.send"), 100)
    assert Counter(job.id for job in page.jobs) == Counter(job.id for job in jobs)


def between_queries(store: DynamoJobStore, patch: pytest.MonkeyPatch, number: int, act: Callable[[], object]) -> None:
    """Act once, after that many queries."""
    table = store._table
    made: list[object] = []
    query = table.query

    def counted(*asked: Any, **more: Any) -> Any:
        if len(made) == number:
            act()
        made.append(asked)
        return query(*asked, **more)

    patch.setattr(table, "query", counted)


def test_readers_never_ask_fewer_than_are_written(cloud: Settings) -> None:
    assert Shards.of(replace(cloud, index_shards=16, index_shards_read=4)) == Shards(16, 16)

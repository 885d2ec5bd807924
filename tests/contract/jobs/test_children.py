"""Check that every job store lists the children of a job: by their keys, with strong consistency, and no other jobs."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.errors import JobExists, JobNotFound
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter, JobStore
from chalicelib.jobs.retention import KEEP_DONE
from chalicelib.settings import Settings
from tests.support import REGION, T0, Clock, a_job


def family(store: JobStore, number: int = 5) -> tuple[Job, list[Job]]:
    """Store a job and its children, and another job with a child."""
    parent, other = a_job(), a_job()
    made = [
        a_job(
            parent=parent.id, root=parent.id, idempotency_key=f"key-{n:02}",
            status=Status.QUEUED if n % 2 else Status.FAILED,
        )
        for n in range(number)
    ]  # fmt: skip
    stranger = a_job(parent=other.id, root=other.id, idempotency_key="key-00")
    for job in (parent, other, stranger, *reversed(made)):
        store.add(job)
    return parent, made


def pages(store: JobStore, which: Filter, limit: int) -> list[list[str]]:
    found, position = [], None
    for _ in range(50):
        page = store.page(which, limit, position)
        found.append([job.id for job in page.jobs])
        position = page.position
        if position is None:
            return found
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_pages_hold_each_once_in_the_order_of_their_keys(store: JobStore, limit: int) -> None:
    parent, made = family(store)
    found = pages(store, Filter(parent=parent.id), limit)
    assert [job_id for page in found for job_id in page] == [job.id for job in made]
    assert all(len(page) <= limit for page in found)


@pytest.fixture
def cut(cloud: Settings) -> Iterator[list[str]]:
    """Let DynamoDB leave out the first two items of a BatchWriteItem, as it does when the table is busy."""
    client, left = aws.client("dynamodb", REGION), list[str]()

    def leave(params: dict[str, Any], **_: Any) -> None:
        body = json.loads(params["body"])
        (items,) = body["RequestItems"].values()
        left.extend(json.dumps(one) for one in items[:2])
        body["RequestItems"] = {cloud.jobs_table: items[2:]}
        params["body"] = json.dumps(body).encode()

    def tell(parsed: dict[str, Any], **_: Any) -> None:
        parsed["UnprocessedItems"] = {cloud.jobs_table: [json.loads(one) for one in left]}

    client.meta.events.register("before-call.dynamodb.BatchWriteItem", leave)
    client.meta.events.register("after-call.dynamodb.BatchWriteItem", tell)
    yield left
    client.meta.events.unregister("before-call.dynamodb.BatchWriteItem", leave)
    client.meta.events.unregister("after-call.dynamodb.BatchWriteItem", tell)


def test_jobs_that_are_listed_together_before_they_are_stored(store: JobStore) -> None:
    parent = a_job()
    store.add(parent)
    made = [a_job(parent=parent.id, root=parent.id, idempotency_key=f"key-{n:02}") for n in range(25)]
    store.list_children(made)
    assert pages(store, Filter(parent=parent.id), 100) == [[]]
    for job in made:
        store.add_listed(job)
    assert pages(store, Filter(parent=parent.id), 100) == [[job.id for job in made]]


def test_entries_that_a_busy_table_left_out_are_written_again(dynamo_store: DynamoJobStore, cut: list[str]) -> None:
    parent = a_job()
    dynamo_store.add(parent)
    made = [a_job(parent=parent.id, root=parent.id, idempotency_key=f"key-{n:02}") for n in range(5)]
    dynamo_store.list_children(made)
    assert len(cut) == 2
    for job in made:
        dynamo_store.add_listed(job)
    assert pages(dynamo_store, Filter(parent=parent.id), 100) == [[job.id for job in made]]


def test_a_job_that_made_nothing(store: JobStore) -> None:
    _, made = family(store)
    assert pages(store, Filter(parent=made[0].id), 10) == [[]]
    assert pages(store, Filter(parent="no-such-job"), 10) == [[]]


def test_a_replay_adds_no_second_entry_and_the_parent_shows_no_child_as_an_attempt(store: JobStore) -> None:
    parent, made = family(store, 1)
    again = a_job(id=made[0].id, parent=parent.id, root=parent.id, idempotency_key="key-00")
    with pytest.raises(JobExists):
        store.add(again)
    assert pages(store, Filter(parent=parent.id), 10) == [[made[0].id]]
    assert store.view(parent.id).attempts == ()


def test_an_expired_child_is_not_listed_and_those_behind_it_are(store: JobStore, clock: Clock) -> None:
    parent = a_job()
    jobs = [
        a_job(parent=parent.id, root=parent.id, idempotency_key=f"k{n}", expires_at=T0 + KEEP_DONE if n == 0 else None)
        for n in range(3)
    ]
    for job in (parent, *jobs):
        store.add(job)
    clock.advance(KEEP_DONE + 1)
    assert [job_id for page in pages(store, Filter(parent=parent.id), 1) for job_id in page] == [
        job.id for job in jobs[1:]
    ]


def test_the_entry_is_there_before_the_job(dynamo_store: DynamoJobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a crash between the two writes, an entry is left that is never shown.

    In the other order, a job would be missing.
    """
    child = a_job(parent="p", root="p", idempotency_key="k")
    monkeypatch.setattr(dynamo_store, "_clock", _Dies())
    with pytest.raises(KeyboardInterrupt):
        dynamo_store.add(child)
    monkeypatch.undo()
    assert dynamo_store._children.of("p", 10, None) == ([child.id], None)
    with pytest.raises(JobNotFound):
        dynamo_store.get(child.id)
    assert dynamo_store.page(Filter(parent="p"), 10).jobs == []


class _Dies:
    """A clock of a process that ends when the job itself would be written."""

    def __call__(self) -> float:
        raise KeyboardInterrupt

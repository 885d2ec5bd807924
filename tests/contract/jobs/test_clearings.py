"""Check that every store keeps what is to be removed of finished jobs, and removes it only from the right job."""

from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib.adapters.dynamo.jobs.clearings import DynamoClearings
from chalicelib.adapters.dynamo.jobs.shards import partition
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.erasing.dynamo import DynamoRemoval
from chalicelib.erasing.memory import MemoryRemoval
from chalicelib.erasing.port import Removal
from chalicelib.errors import MoveRefused, ResultRemoved
from chalicelib.job_types import jobtype
from chalicelib.job_types.keep import Keep, days, hours
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Clearing
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.port import Clearings, JobStore
from chalicelib.jobs.step import Step
from tests.support import T0, Clock, a_job, built_in

LARGE = "x" * 2_000


@pytest.fixture(autouse=True)
def _keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = next(kind for kind in built_in() if kind.name == "email.send")
    keep = Keep(done=days(7), payload=hours(1), dead=days(14))
    monkeypatch.setitem(jobtype.registered, kind.name, replace(kind, keep=keep))


@pytest.fixture
def clearings(store: JobStore, request: pytest.FixtureRequest) -> Clearings:
    if isinstance(store, MemoryJobStore):
        return store.clearings
    return DynamoClearings(binding.jobs(request.getfixturevalue("cloud")))


@pytest.fixture
def removal(store: JobStore, clock: Clock, request: pytest.FixtureRequest) -> Removal:
    if isinstance(store, MemoryJobStore):
        return MemoryRemoval(store)
    return DynamoRemoval(request.getfixturevalue("cloud"), clock, lambda: ["email.send"])


def held(store: JobStore, **fields: Any) -> Job:
    job = a_job(**{
        "status": Status.PROCESSING, "claims": 1, "attempts": 1, "started_at": T0, "payload": {"to": LARGE}, **fields,
    })  # fmt: skip
    store.add(job)
    return store.get(job.id)


def test_an_end_says_when_something_of_its_job_is_to_be_removed(store: JobStore, clearings: Clearings) -> None:
    job = held(store)
    store.apply(job.id, transitions.complete(job, now=T0 + 1.25, result=1))
    wanted = Clearing(job.id, job.type, job.created_at, T0 + 1.25, T0 + 1.25 + hours(1))
    assert clearings.due(T0 + hours(1), 10) == []
    assert clearings.due(T0 + hours(1) + 2, 10) == [wanted]
    clearings.plan(wanted)
    later = replace(wanted, due_at=T0 + days(7))
    clearings.move(wanted, later.due_at)
    clearings.move(later, later.due_at)
    assert clearings.due(T0 + days(6), 10) == []
    assert clearings.due(T0 + days(8), 10) == [later]
    clearings.drop(later)
    clearings.drop(later)
    assert clearings.due(T0 + days(8), 10) == []


def test_a_row_that_is_no_clearing_stops_no_other(
    store: JobStore, clearings: Clearings, clock: Clock, request: pytest.FixtureRequest
) -> None:
    one = Clearing("1", "email.send", clock() - 20, clock() - 10, clock() - 5)
    clearings.plan(one)
    if isinstance(clearings, DynamoClearings):
        table = binding.jobs(request.getfixturevalue("cloud"))
        for number, sk in enumerate(("0", "2000-01-01#x", "2000-01-01T00:00:00Z#x#y", "no time#x#y")):
            for shard in range(4):
                times = {"at": {"N": "1"}, "until": {"S": "x"} if number % 2 else {"N": "1"}}
                item = {"pk": {"S": partition("CLEAR", shard)}, "sk": {"S": sk}, **times}
                boto3.client("dynamodb").put_item(TableName=table.name, Item=item)
    assert clearings.due(clock(), 10) == [one]


def test_an_end_of_another_type_says_nothing(store: JobStore, clearings: Clearings) -> None:
    job = held(store, type="image.process")
    store.apply(job.id, transitions.complete(job, now=T0 + 1, result=1))
    assert clearings.due(T0 + days(100), 10) == []


def test_one_worker_has_the_lease(clearings: Clearings) -> None:
    assert clearings.lease(T0, T0 + 60)
    assert not clearings.lease(T0 + 59, T0 + 100)
    assert clearings.lease(T0 + 61, T0 + 120)
    clearings.rest(T0 + 60)
    assert not clearings.lease(T0 + 62, T0 + 130), "a slow worker does not end the lease of the next one"
    clearings.rest(T0 + 120)
    assert clearings.lease(T0 + 63, T0 + 130)


def test_a_cleared_job_has_no_payload_and_cannot_be_retried(store: JobStore, removal: Removal) -> None:
    job = held(store)
    store.keep_step(job, Step("step:a", T0, LARGE, number=1))
    store.keep_payload(job.id, 1, {"to": LARGE})
    store.record(job.id, Attempt(1, 1, "failed", T0, T0, "E", "m", claim=1))
    failed = store.apply(job.id, transitions.fail(job, now=T0 + 1, error=("E", "m")))
    cleared = store.apply(job.id, transitions.clear(failed, now=T0 + hours(1)))
    removal.remove(removal.data(cleared))
    removal.remove(removal.data(cleared))
    found = store.view(job.id)
    assert (found.job.status, found.job.payload, found.job.result) == (Status.FAILED, None, None)
    assert found.job.cleared_at == T0 + hours(1)
    assert len(found.attempts) == 1
    assert store.kept_steps(found.job) == []
    assert store.payload_of(job.id, 1) is None
    for change in (transitions.requeue, transitions.clear):
        with pytest.raises(MoveRefused):
            store.apply(job.id, change(found.job, now=T0 + hours(2)))
    store.apply(job.id, transitions.discard(found.job, now=T0 + hours(2), by="ada", reason=""))


def test_a_job_that_was_retried_first_keeps_its_payload(store: JobStore, removal: Removal) -> None:
    job = held(store)
    failed = store.apply(job.id, transitions.fail(job, now=T0 + 1, error=("E", "m")))
    again = store.apply(job.id, transitions.requeue(failed, now=T0 + 2))
    with pytest.raises(MoveRefused):
        store.apply(job.id, transitions.clear(failed, now=T0 + hours(1)))
    removal.remove(removal.data(again))
    assert store.get(job.id).payload == {"to": LARGE}


def test_nothing_of_a_later_job_with_the_id_is_removed(store: JobStore, removal: Removal, clock: Clock) -> None:
    job = held(store)
    done = store.apply(job.id, transitions.complete(job, now=T0 + 1, result=LARGE))
    cleared = store.apply(job.id, transitions.clear(done, now=T0 + hours(1)))
    listed = [removal.data(cleared), removal.rest(cleared, listed=True)]
    clock.advance(days(8))
    new = held(store, id=job.id, created_at=clock.now)
    for one in listed:
        removal.remove(one)
    assert store.get(job.id).payload == new.payload


def test_all_that_is_beside_a_cleared_row_is_removed_and_the_row_stays(store: JobStore, removal: Removal) -> None:
    job = held(store)
    store.record(job.id, Attempt(1, 1, "failed", T0, T0, "E", "m", claim=1))
    store.keep_payload(job.id, 1, {"to": LARGE})
    done = store.apply(job.id, transitions.complete(job, now=T0 + 1, result=LARGE))
    assert removal.rest(done, listed=False).rows
    removal.remove(removal.rest(done, listed=False))
    assert store.view(job.id).attempts, "the row was not cleared, so the job may be retried"
    cleared = store.apply(job.id, transitions.clear(done, now=T0 + hours(1)))
    removal.remove(removal.rest(cleared, listed=True))
    removal.remove(removal.rest(cleared, listed=True))
    assert removal.rest(cleared, listed=True).rows == []
    assert not store.view(job.id).attempts
    assert removal.find(job.id) is not None


def test_a_result_that_was_removed_is_not_told_as_none(store: JobStore) -> None:
    job = held(store)
    done = store.apply(job.id, transitions.complete(job, now=T0 + 1, result=LARGE))
    assert store.result_of(job.id) == LARGE
    store.apply(job.id, transitions.clear(done, now=T0 + hours(1)))
    with pytest.raises(ResultRemoved, match=job.id):
        store.result_of(job.id)

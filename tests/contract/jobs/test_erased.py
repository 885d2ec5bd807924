"""Check that every store hides an erased job from each reader and each change, and that its removal leaves nothing."""

from dataclasses import replace

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.erasing.dynamo import DynamoRemoval
from chalicelib.erasing.memory import MemoryRemoval
from chalicelib.erasing.port import Removal
from chalicelib.errors import JobNotFound, MoveRefused, NotStored
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.port import Filter, JobStore, KeyLock
from tests.support import T0, Clock, a_job


@pytest.fixture
def removal(store: JobStore, clock: Clock, request: pytest.FixtureRequest) -> Removal:
    if isinstance(store, MemoryJobStore):
        return MemoryRemoval(store)
    return DynamoRemoval(request.getfixturevalue("cloud"), clock, lambda: ["email.send"])


@pytest.fixture
def job(store: JobStore) -> Job:
    failed = a_job(
        status=Status.FAILED, finished_at=T0, fingerprint="0123456789ab", error_class="E", batch="b", attempts=1,
        expires_at=int(T0 + 90 * 86_400),
    )  # fmt: skip
    store.add(failed)
    store.record(failed.id, Attempt(1, 1, "failed", T0, T0, "E", "m", claim=1))
    store.acquire("k1", None, KeyLock(failed.id, T0))
    store.acquire("k2", None, KeyLock("other", T0))
    return failed


def test_nobody_finds_an_erased_job(store: JobStore, job: Job) -> None:
    after = store.apply(job.id, transitions.erase(job, now=T0 + 5))
    assert after.erased_at == T0 + 5
    for read in (store.get, store.get_without_bodies, store.view, store.result_of):
        with pytest.raises(JobNotFound):
            read(job.id)
    assert store.get_many([job.id]) == []
    assert store.read_all([job.id]) == []
    for which in (Filter(), Filter(status=Status.FAILED), Filter(fingerprint="0123456789ab"), Filter(batch="b")):
        assert store.page(which, 10).jobs == []
    assert dict(store.count_failures("0123456789ab", 10)[0]) == {}
    assert store.payload_of(job.id, 1) is None


@pytest.mark.parametrize("change", [
    transitions.requeue, lambda job, now: transitions.discard(job, now=now, by="ada", reason=""), transitions.erase,
])  # fmt: skip
def test_no_change_is_possible_any_more(store: JobStore, job: Job, change: object) -> None:
    store.apply(job.id, transitions.erase(job, now=T0))
    with pytest.raises(MoveRefused) as refused:
        store.apply(job.id, change(job, now=T0))  # type: ignore[operator]
    assert refused.value.current is None


def test_a_repeated_write_is_no_error(store: JobStore, job: Job) -> None:
    change = transitions.erase(job, now=T0)
    assert store.apply(job.id, change).erased_at == T0
    assert store.apply(job.id, change).erased_at == T0


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PROCESSING, Status.RETRYING, Status.SUSPENDED])
def test_an_unfinished_job_is_not_erased(store: JobStore, status: Status) -> None:
    found = a_job(status=status, started_at=T0, claims=1)
    store.add(found)
    with pytest.raises(MoveRefused):
        store.apply(found.id, transitions.erase(found, now=T0))


def test_an_expired_job_that_is_still_there_is_erased(store: JobStore, removal: Removal, clock: Clock) -> None:
    old = a_job(status=Status.COMPLETED, finished_at=T0, expires_at=int(T0 + 10))
    store.add(old)
    clock.advance(100)
    assert removal.page(Filter(), 10, None).jobs == [old]
    assert store.apply(old.id, transitions.erase(old, now=clock.now)).erased_at == clock.now


def test_an_id_is_free_only_after_the_removal(store: JobStore, removal: Removal, job: Job) -> None:
    erased = store.apply(job.id, transitions.erase(job, now=T0))
    new = a_job(id=job.id, created_at=T0 + 9)
    with pytest.raises(NotStored):
        store.add(new)
    removal.remove_job(erased)
    store.add(new)
    removal.remove_job(erased)
    assert store.get(job.id) == new, "the removal is repeated, and the id has another job"


def test_the_removal_finds_and_removes_what_belongs_to_a_job(store: JobStore, removal: Removal, job: Job) -> None:
    stays = a_job()
    store.add(stays)
    store.record(stays.id, Attempt(1, 1, "failed", T0, T0, "E", "m", claim=1))
    erased = store.apply(job.id, transitions.erase(job, now=T0))
    found = removal.belongings(erased, ["k1", "k2", "k3"])
    assert found.counts.rows == 3
    assert [key for key, _ in found.keys] == ["k1"]
    removal.remove(found)
    removal.remove(found)
    assert removal.belongings(erased, ["k1", "k2", "k3"]).counts.rows == 1
    assert removal.find(job.id) == erased
    removal.remove_job(replace(erased, created_at=T0 - 1))
    assert removal.find(job.id) == erased, "it is not this job"
    removal.remove_job(erased)
    assert removal.find(job.id) is None
    assert store.key_lock("k2") == KeyLock("other", T0)
    assert len(store.view(stays.id).attempts) == 1


def test_a_job_that_is_not_erased_is_not_removed(store: JobStore, removal: Removal, job: Job) -> None:
    removal.remove_job(job)
    assert store.get(job.id).id == job.id


def test_nothing_of_a_later_job_with_the_id_is_removed(store: JobStore, removal: Removal, job: Job) -> None:
    """Whoever has listed the rows may be slow: another worker removes the job, and its request is repeated."""
    erased = store.apply(job.id, transitions.erase(job, now=T0))
    listed = removal.belongings(erased, ["k1"])
    removal.remove(listed)
    removal.remove_job(erased)
    removal.remove(listed)
    new = a_job(id=job.id, created_at=T0 + 9)
    store.add(new)
    store.record(new.id, Attempt(1, 1, "failed", T0 + 9, T0 + 9, "E", "m", claim=1))
    store.acquire("k1", None, KeyLock(job.id, T0 + 9))
    removal.remove(listed)
    assert len(store.view(new.id).attempts) == 1
    assert store.key_lock("k1") == KeyLock(job.id, T0 + 9)

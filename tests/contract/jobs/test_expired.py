"""Check that every store keeps which jobs have expired, and removes what is left of them."""

import json
from dataclasses import replace

import boto3
import pytest

from chalicelib.erasing.dynamo import DynamoExpiredJobs, DynamoRemoval
from chalicelib.erasing.leftover_rule import Expired
from chalicelib.erasing.memory import MemoryExpiredJobs, MemoryRemoval
from chalicelib.erasing.port import ExpiredBatch, ExpiredJobs, Removal
from chalicelib.erasing.rule import Counts
from chalicelib.jobs.job import Attempt
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.retention import KEEP_BODIES
from chalicelib.settings import Settings
from tests.contract.conftest import either
from tests.support import T0, Clock, a_job

expired_jobs = either(MemoryExpiredJobs, DynamoExpiredJobs)
ONE = Expired("1", "a.b", T0, payload=True, results=False, parent="2", listed="k#1")
TWO = Expired("3", "a.b", T0 + 1)


def every(rows: ExpiredJobs) -> list[ExpiredBatch]:
    return list(rows.each(lambda *_: None))


def test_batches_stay_until_nothing_is_left_of_them(expired_jobs: ExpiredJobs) -> None:
    first, second = ExpiredBatch("0001", [ONE, TWO]), ExpiredBatch("0002", [TWO])
    for batch in (second, first, first):
        expired_jobs.keep(batch, T0)
    assert every(expired_jobs) == [first, second]
    expired_jobs.leave(every(expired_jobs)[0], [TWO])
    assert every(expired_jobs) == [replace(first, jobs=[TWO]), second]
    seen = every(expired_jobs)[0]
    expired_jobs.leave(seen, [])
    expired_jobs.leave(seen, [])
    assert every(expired_jobs) == [second]


@pytest.mark.parametrize("left", [[], [ONE]])
def test_a_batch_that_was_stored_again_since_it_was_read_stays(expired_jobs: ExpiredJobs, left: list[Expired]) -> None:
    """A repetition of the stream may have more jobs under the same name."""
    expired_jobs.keep(ExpiredBatch("0001", [ONE]), T0)
    [seen] = every(expired_jobs)
    again = ExpiredBatch("0001", [ONE, TWO])
    expired_jobs.keep(again, T0)
    expired_jobs.leave(seen, left)
    assert every(expired_jobs) == [again]


def test_a_batch_that_is_put_off_comes_after_all_others(expired_jobs: ExpiredJobs) -> None:
    for name in ("1000", "2000", "3000"):
        expired_jobs.keep(ExpiredBatch(name, [replace(ONE, job=name), TWO]), T0)
    order: list[list[str]] = []
    for _ in range(4):
        first = every(expired_jobs)[0]
        for _twice in range(2):  # another worker does the same, or the first one dies in between
            expired_jobs.put_off(first, first.jobs[:1])
        order.append([one.jobs[0].job for one in every(expired_jobs)])
        assert every(expired_jobs)[-1].jobs == first.jobs[:1]
    assert order == [["2000", "3000", "1000"], ["3000", "1000", "2000"], ["1000", "2000", "3000"], order[0]]


@pytest.mark.parametrize("slow_is_last", [True, False])
def test_a_worker_that_puts_a_batch_off_loses_nothing_of_what_another_one_puts_off(
    expired_jobs: ExpiredJobs, slow_is_last: bool
) -> None:
    """A repetition of the stream has stored more jobs under the same name, after the slow worker has read it."""
    expired_jobs.keep(ExpiredBatch("0001", [ONE]), T0)
    [slow] = every(expired_jobs)
    expired_jobs.keep(ExpiredBatch("0001", [ONE, TWO]), T0)
    [quick] = every(expired_jobs)
    for seen in (quick, slow) if slow_is_last else (slow, quick):
        expired_jobs.put_off(seen, seen.jobs)
    known = [one for batch in every(expired_jobs) for one in batch.jobs]
    assert (ONE in known, TWO in known) == (True, True)
    for _ in range(2):  # and what they have put off can be put off again, and removed
        for batch in every(expired_jobs):
            expired_jobs.put_off(batch, batch.jobs)
    assert {one for batch in every(expired_jobs) for one in batch.jobs} == {ONE, TWO}
    for batch in every(expired_jobs):
        expired_jobs.leave(batch, [])
    assert every(expired_jobs) == []


@pytest.mark.parametrize("name", ["~", "~~", "~x", "~x~1", "~000001~1", "~²~1~0123456789abcdef", "~~000001"])
def test_a_name_that_nobody_has_written_stops_nothing(expired_jobs: ExpiredJobs, name: str) -> None:
    expired_jobs.keep(ExpiredBatch(name, [ONE]), T0)
    for _ in range(2):
        expired_jobs.put_off(every(expired_jobs)[0], [ONE])
    assert [one.jobs for one in every(expired_jobs)] == [[ONE]]


def test_a_batch_that_is_put_off_expires_when_it_would_have_expired(cloud: Settings) -> None:
    rows = DynamoExpiredJobs(cloud)
    rows.keep(ExpiredBatch("0001", [ONE]), T0)
    for _ in range(3):
        rows.put_off(every(rows)[0], [ONE])
    assert [one.until for one in every(rows)] == [T0 + KEEP_BODIES]


def test_what_a_later_version_has_added_stops_nothing(cloud: Settings) -> None:
    rows = DynamoExpiredJobs(cloud)
    text = json.dumps([["1", "a.b", T0, True, False, "2", "k#1", {"more": 1}]])
    item = {"pk": {"S": "EXPIRED"}, "sk": {"S": "0001"}, "jobs": {"S": text}, "expires_at": {"N": "9999999999"}}
    boto3.client("dynamodb").put_item(TableName=cloud.control_table, Item=item)
    assert every(rows) == [ExpiredBatch("0001", [ONE])]


@pytest.fixture
def removal(store: JobStore, clock: Clock, request: pytest.FixtureRequest) -> Removal:
    if hasattr(store, "clearings"):
        return MemoryRemoval(store)  # type: ignore[arg-type]
    return DynamoRemoval(request.getfixturevalue("cloud"), clock, lambda: ["email.send"])


def test_what_is_left_goes_only_without_the_job(store: JobStore, removal: Removal) -> None:
    job = a_job()
    store.record(job.id, Attempt(1, 1, "failed", T0, T0, "E", "m", claim=1))
    gone = Expired(job.id, job.type, T0 + 1)
    assert gone.expires_at < T0 + KEEP_BODIES
    assert removal.remove_left(gone, lambda: False) is None
    assert removal.remove_left(gone, lambda: True) == Counts(1, 0)
    assert removal.remove_left(gone, lambda: True) == Counts(0, 0)
    store.record(job.id, Attempt(1, 1, "failed", T0, T0, "E", "m", claim=1))
    store.add(job)
    assert removal.remove_left(gone, lambda: True) == Counts(0, 0)
    assert len(store.view(job.id).attempts) == 1

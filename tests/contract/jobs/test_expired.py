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


def test_batches_stay_until_they_are_dropped(expired_jobs: ExpiredJobs) -> None:
    first, second = ExpiredBatch("0001", [ONE, TWO]), ExpiredBatch("0002", [TWO])
    for batch in (second, first, first):
        expired_jobs.keep(batch, T0)
    assert expired_jobs.some(9) == [first, second]
    assert expired_jobs.some(1) == [first]
    assert expired_jobs.some(9, "0001") == [second]
    rest = replace(first, jobs=[TWO])
    expired_jobs.keep(rest, T0)
    assert expired_jobs.some(1) == [rest]
    expired_jobs.drop(first)
    expired_jobs.drop(first)
    assert expired_jobs.some(9) == [second]


def test_what_a_later_version_has_added_stops_nothing(cloud: Settings) -> None:
    rows = DynamoExpiredJobs(cloud)
    text = json.dumps([["1", "a.b", T0, True, False, "2", "k#1", {"more": 1}]])
    item = {"pk": {"S": "EXPIRED"}, "sk": {"S": "0001"}, "jobs": {"S": text}, "expires_at": {"N": "9999999999"}}
    boto3.client("dynamodb").put_item(TableName=cloud.control_table, Item=item)
    assert rows.some(9) == [ExpiredBatch("0001", [ONE])]


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
    assert removal.remove_left(gone) == Counts(1, 0)
    assert removal.remove_left(gone) == Counts(0, 0)
    store.record(job.id, Attempt(1, 1, "failed", T0, T0, "E", "m", claim=1))
    store.add(job)
    assert removal.remove_left(gone) == Counts(0, 0)
    assert len(store.view(job.id).attempts) == 1

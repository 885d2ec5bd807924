"""Check that a restore finds the jobs of every possible shard, and deletes no table before it has found each job."""

import io
from dataclasses import replace

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.settings import Settings
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack
from tests.infra.cloud.restore.losing import STACK, Time, filled, lose, made, restoration, tables
from tests.infra.cloud.restore.support import every
from tests.support import create_stores

LATER = 128
"""A number of shards that no version has yet."""
MOVED = ("moved-jobs", "moved-control")


def of(settings: Settings, shards: int) -> Settings:
    return replace(settings, index_shards=shards, index_shards_read=shards)


def used(account: Account) -> set[str]:
    """Return the partitions of the index over all jobs that contain a job."""
    rows = account.client("dynamodb").scan(TableName=f"{STACK}-jobs", IndexName="all")["Items"]
    return {row["everything"]["S"] for row in rows}


@pytest.mark.parametrize("shards", [64])
def test_lost_jobs_of_every_shard_come_back_into_the_shards_of_the_stage(
    account: Account, stack: Stack, settings: Settings, shards: int, time: Time, said: io.StringIO
) -> None:
    assert (settings.index_shards, settings.index_shards_read) == (shards, shards)
    store = DynamoJobStore(of(settings, shards), time)
    jobs, before = filled(store), used(account)
    name = made(account, stack)
    lose(account, jobs)
    assert restoration(account, stack, time, said, backup=name).go().total() == len(jobs)
    assert {job.id for job in every(store)} == {job.id for job in jobs}
    assert used(account) == before


def test_jobs_from_more_shards_than_the_stage_has_come_back(
    account: Account, stack: Stack, store: DynamoJobStore, settings: Settings, time: Time, said: io.StringIO
) -> None:
    jobs = filled(DynamoJobStore(of(settings, 64), time))
    name = made(account, stack)
    lose(account, jobs)
    restoration(account, stack, time, said, backup=name).go()
    assert {job.id for job in every(store)} == {job.id for job in jobs}
    assert used(account) <= {f"ALL#{shard}" for shard in range(4)}


def test_a_stage_of_eight_shards_moves_into_one_of_four(
    account: Account, stack: Stack, store: DynamoJobStore, settings: Settings, time: Time, said: io.StringIO
) -> None:
    there = replace(of(settings, 8), jobs_table=MOVED[0], control_table=MOVED[1], files_bucket="moved-files")
    create_stores(there)
    jobs = filled(DynamoJobStore(replace(there, files_bucket=settings.files_bucket), time))
    restoration(account, stack, time, said, given=MOVED, run=True).go()
    assert {job.id for job in every(store)} == {job.id for job in jobs}
    assert set(MOVED) <= set(tables(account))


def test_no_table_is_deleted_while_jobs_in_it_were_not_found(
    account: Account, stack: Stack, settings: Settings, time: Time, said: io.StringIO
) -> None:
    jobs = filled(DynamoJobStore(of(settings, LATER), time), finished=36)
    name = made(account, stack)
    lose(account, jobs)
    with pytest.raises(CloudError, match=r"holds 40 jobs, and only \d+ were found: no table is deleted"):
        restoration(account, stack, time, said, backup=name).go()
    assert f"{STACK}-jobs-at-20270115T080000Z" in tables(account)


def test_expired_jobs_are_found_and_stay_away(
    account: Account, stack: Stack, store: DynamoJobStore, time: Time, said: io.StringIO
) -> None:
    jobs = filled(store)
    name = made(account, stack)
    lose(account, jobs)
    time.now = max(job.expires_at or 0 for job in jobs) + 1
    assert restoration(account, stack, time, said, backup=name).go()["expired"] == 6
    assert tables(account) == [f"{STACK}-control", f"{STACK}-jobs"]


@pytest.mark.parametrize("shards", [16])
def test_whoever_reaches_a_stage_asks_as_many_shards_as_its_functions(account: Account, stack: Stack) -> None:
    found = access.settings(account, stack)
    assert (found.index_shards, found.index_shards_read) == (16, 16)

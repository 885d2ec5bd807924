"""Check that every job store knows which job has a key: one request wins, and a lost reply is recognised."""

from dataclasses import replace

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import MoveRefused
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.unique import Unique
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore, KeyLock
from chalicelib.keys.rule import Debounce, Outcome, unique_row
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.settings import Settings
from tests.chalicelib.api.support import Note, only_types
from tests.contract.jobs.test_races import together
from tests.support import REGION, T0, Clock, requests_to

KEY = "2b1f6d0e-0000-5000-8000-000000000001"
A, B, C = (KeyLock(name, T0 + 60) for name in "abc")


def test_a_key_is_held_by_the_first_and_then_by_whoever_saw_that(store: JobStore) -> None:
    assert store.key_lock(KEY) is None
    assert store.acquire(KEY, None, A)
    assert store.key_lock(KEY) == A
    assert not store.acquire(KEY, None, B)
    assert not store.acquire(KEY, C, B)
    assert store.key_lock(KEY) == A
    assert store.acquire(KEY, A, B)
    assert store.key_lock(KEY) == B


def test_the_same_job_twice_is_no_error(store: JobStore) -> None:
    assert store.acquire(KEY, None, A)
    assert store.acquire(KEY, None, A)
    assert store.acquire(KEY, A, B)
    assert store.acquire(KEY, A, B)


def test_sixteen_that_saw_the_same_have_one_winner(store: JobStore) -> None:
    for seen in (None, A):
        won = together(16, lambda n, seen=seen: store.acquire(KEY, seen, KeyLock(f"{seen}-{n}", T0)) and n)  # type: ignore[misc]
        found = store.key_lock(KEY)
        assert [n for n in won if n is not False] == [int(str(found and found.job).rpartition("-")[2])]
        assert found is not None
        assert store.acquire(KEY, found, A)


def test_keys_are_no_jobs(store: JobStore) -> None:
    assert store.acquire(KEY, None, A)
    assert store.get_many([KEY]) == []


@pytest.mark.parametrize(
    ("key", "days"),
    [(unique_row(Unique(seconds=60), "test.plain", {}), 7), (Debounce("k", 60).row("p", "test.plain"), 97)],
)
def test_only_the_row_of_a_debounce_key_outlives_a_long_pause(
    dynamo_store: DynamoJobStore, cloud: Settings, key: str, days: int
) -> None:
    assert dynamo_store.acquire(key, None, A)
    (row,) = aws.client("dynamodb", REGION).scan(TableName=cloud.jobs_table)["Items"]
    assert row["expires_at"] == {"N": f"{A.until + days * DAY:.0f}"}


PAYLOAD = {"to": ["ada"]}
PLAIN: JobType[Note, None] = JobType("test.plain", lambda _payload, _ctx: None, Note)
UNIQUE = replace(PLAIN, name="test.unique", unique=Unique(by=("to",), seconds=60))


def asked(service: JobService, submission: Submission) -> list[str]:
    """Return the DynamoDB operations of a request."""
    with requests_to("dynamodb") as requests:
        service.submit(submission)
    return requests


def test_the_ledger_of_a_request(dynamo_store: DynamoJobStore, clock: Clock) -> None:
    service = JobService(dynamo_store, MemoryJobQueue(clock), clock=clock)
    made = ["PutItem", "UpdateItem"]  # the job, and the mark that its message was sent
    with only_types(PLAIN, UNIQUE):
        assert asked(service, Submission("test.plain", PAYLOAD)) == ["PutItem"]  # it is sent before it is stored
        assert asked(service, Submission("test.unique", PAYLOAD)) == ["GetItem", "UpdateItem", *made]
        assert asked(service, Submission("test.unique", PAYLOAD)) == ["GetItem", "GetItem"]
        debounced = Submission("test.plain", PAYLOAD, debounce=Debounce("k", 30))
        assert asked(service, debounced) == ["GetItem", "UpdateItem", *made]
        # a replaced payload is stored in its own item
        assert asked(service, debounced) == ["GetItem", "GetItem", "UpdateItem", "UpdateItem", "UpdateItem"]


def test_sixteen_requests_for_one_thing_make_one_job(store: JobStore, clock: Clock) -> None:
    service = JobService(store, MemoryJobQueue(clock), clock=clock)
    with only_types(UNIQUE):
        answers = together(16, lambda _: service.submit(Submission("test.unique", PAYLOAD)))
    assert len({one.job.id for one in answers}) == 1
    assert [one.outcome for one in answers].count(Outcome.CREATED) == 1


def test_twenty_requests_under_one_debounce_key_are_all_answered(store: JobStore, clock: Clock) -> None:
    service, debounce = JobService(store, MemoryJobQueue(clock), clock=clock), Debounce("k", 60)
    with only_types(PLAIN):
        service.submit(Submission("test.plain", {"to": ["first"]}, debounce=debounce))
        answers = together(
            20, lambda number: service.submit(Submission("test.plain", {"to": [f"{number}"]}, debounce=debounce))
        )
    assert {one.outcome for one in answers} == {Outcome.REPLACED}
    (job_id,) = {one.job.id for one in answers}
    kept = store.get(job_id)
    assert kept.gen == 21
    assert kept.payload == next(one.job.payload for one in answers if one.job.gen == 21)


def test_requests_under_one_key_and_a_claim_exclude_each_other(store: JobStore, clock: Clock) -> None:
    """If the claim is first, the held job runs, and the late request gets its own job.

    Otherwise the request replaces the held job.
    """
    service = JobService(store, MemoryJobQueue(clock), clock=clock)
    with only_types(PLAIN):
        for turn in range(6):
            debounce = Debounce(f"k{turn}", 1)
            first = service.submit(Submission("test.plain", {"to": ["first"]}, debounce=debounce)).job
            clock.advance(2)

            def act(number: int, first: Job = first, debounce: Debounce = debounce) -> Job | None:
                if number < 3:
                    return service.submit(Submission("test.plain", {"to": [f"{number}"]}, debounce=debounce)).job
                change = transitions.claim(
                    1, now=clock(), lease_until=clock() + 65, by=Claimant("r"), job_type="test.plain"
                )
                try:
                    return store.apply(first.id, change)
                except MoveRefused:
                    return None

            *_, claimed = answers = together(4, act)
            ran = store.get(first.id)
            if claimed is not None:
                assert (ran.status, ran.payload["to"], ran.gen) == (Status.PROCESSING, ["first"], 1)
                others = {job.id for job in answers[:3] if job is not None}
                assert len(others) == 1
                assert first.id not in others
            else:
                assert {job.id for job in answers[:3] if job is not None} == {first.id}
                assert (ran.status, ran.gen) == (Status.SCHEDULED, 4)

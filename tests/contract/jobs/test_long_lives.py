"""Check that an unfinished job keeps its payload and its debounce key's row, however long it stays unfinished."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.job_types.constants import LONGEST_WAIT
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.unique import Unique
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.constants import DAY, LONGEST_RUN
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.retention import KEEP_DEAD
from chalicelib.keys.rule import Debounce, Outcome
from chalicelib.limits.turns import wait_for_turn
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.settings import Settings
from tests.chalicelib.api.support import Note, only_types
from tests.contract.expiry import expire
from tests.support import REGION, T0, Clock, a_job, requests_to, written

BESIDE = {"text": "x" * 2000}
"""A separate payload."""
PLAIN: JobType[Note, None] = JobType("test.plain", lambda _payload, _ctx: None, Note)
UNIQUE = replace(PLAIN, name="test.unique", unique=Unique(seconds=60))
READ, RENEWED = ["UpdateItem", "GetItem"], ["UpdateItem", "GetItem", "UpdateItem"]


@pytest.fixture
def store(dynamo_store: DynamoJobStore) -> DynamoJobStore:
    """The store over DynamoDB deletes expired rows; the one in memory keeps them."""
    return dynamo_store


@pytest.fixture
def pass_days(cloud: Settings, clock: Clock) -> Callable[[float], None]:
    def sleep(days: float) -> None:
        clock.advance(days * DAY)
        expire(cloud, clock)

    return sleep


def added(store: DynamoJobStore) -> Job:
    job = a_job(payload=BESIDE, payload_bytes=2011)
    store.add(job)
    return job


def claim(now: float, lease: float = 60) -> Change:
    return transitions.claim(1, now=now, lease_until=now + lease, by=Claimant("r"), job_type="email.send")


def put_off(held: Job, now: float) -> Change:
    return transitions.defer(held, now=now, not_before=now + LONGEST_WAIT, error=("RetryLater", "not yet"), parked=True)


@contextmanager
def refused_writes() -> Iterator[None]:
    """Let DynamoDB refuse to write payloads meanwhile; it still updates main items."""

    def refuse(params: Mapping[str, Any], **_: Any) -> None:
        if params["Key"]["sk"]["S"].startswith("PAYLOAD#"):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "UpdateItem")

    events = aws.client("dynamodb", REGION).meta.events
    events.register_first("before-parameter-build.dynamodb.UpdateItem", refuse)
    try:
        yield
    finally:
        events.unregister("before-parameter-build.dynamodb.UpdateItem", refuse)


def test_a_job_that_comes_again_later_for_years_keeps_its_payload(
    store: DynamoJobStore, clock: Clock, pass_days: Callable[[float], None]
) -> None:
    job = added(store)
    written_again = 0
    while clock.now < T0 + 400 * DAY:
        with requests_to("dynamodb") as asked:
            held = store.apply(job.id, claim(clock.now))
        assert held.payload == BESIDE, f"day {(clock.now - T0) / DAY:.0f}"
        written_again += asked == RENEWED
        store.apply(job.id, put_off(held, clock.now))
        pass_days(7)
    assert written_again == 4


@pytest.mark.parametrize("claimed", [True, False])
def test_a_dead_letter_of_a_long_run_can_be_retried_to_its_last_day(
    store: DynamoJobStore, clock: Clock, pass_days: Callable[[float], None], claimed: bool
) -> None:
    job = added(store)
    pass_days(150)
    seen = store.apply(job.id, claim(clock.now)) if claimed else store.get_without_bodies(job.id)
    end = transitions.exhaust if claimed else transitions.give_up
    dead = store.apply(job.id, end(seen, now=clock.now, error=("E", "no")))
    pass_days(KEEP_DEAD / DAY - 1)
    assert store.apply(job.id, transitions.requeue(dead, now=clock.now)).payload == BESIDE
    pass_days(90)
    assert store.get(job.id).payload == BESIDE


def test_a_job_that_waits_for_its_turn_for_years_keeps_its_payload(
    store: DynamoJobStore, clock: Clock, pass_days: Callable[[float], None]
) -> None:
    job = added(store)
    for _ in range(5):
        turn = clock.now + LONGEST_RUN
        store.apply(job.id, wait_for_turn(store.get_without_bodies(job.id), now=clock.now, turn=turn, parked=True))
        pass_days(LONGEST_RUN / DAY)
        assert store.get(job.id).payload == BESIDE, f"day {(clock.now - T0) / DAY:.0f}"


@pytest.mark.parametrize("day", [60, 82, 95])
def test_a_job_that_sleeps_for_90_days_and_wakes_late_keeps_its_payload(
    store: DynamoJobStore, clock: Clock, pass_days: Callable[[float], None], day: int
) -> None:
    job = added(store)
    pass_days(day)
    held = store.apply(job.id, claim(clock.now))
    asleep = transitions.suspend(
        held, now=clock.now, until=clock.now + LONGEST_RUN, what="time", parked=True, kept=1, progressed=True
    )
    store.apply(job.id, asleep)
    pass_days(LONGEST_RUN / DAY + 60)
    assert store.apply(job.id, claim(clock.now)).payload == BESIDE


def test_a_wait_of_a_young_job_does_not_read_its_payload(store: DynamoJobStore, clock: Clock) -> None:
    job = added(store)
    held = store.apply(job.id, claim(clock.now))
    with requests_to("dynamodb") as asked:
        asleep = transitions.suspend(
            held, now=clock.now, until=clock.now + LONGEST_RUN, what="time", parked=True, kept=1, progressed=True
        )
        store.apply(job.id, asleep)
    assert asked == ["UpdateItem"]


def test_a_payload_is_written_again_when_its_last_quarter_begins_and_not_before(
    store: DynamoJobStore, clock: Clock
) -> None:
    made = []
    for days in (0, 82.9, 83.1):
        job = added(store)
        clock.now += days * DAY
        with requests_to("dynamodb") as asked:
            store.apply(job.id, claim(clock.now))
        made.append(asked)
        clock.now = T0
    assert made == [READ, READ, RENEWED]


def test_a_claim_whose_payload_cannot_be_written_again_goes_on_and_the_next_one_writes_it(
    store: DynamoJobStore, clock: Clock
) -> None:
    job = added(store)
    clock.now += 100 * DAY
    with written() as lines, refused_writes():
        held = store.apply(job.id, claim(clock.now))
    assert (held.status, held.payload) == (Status.PROCESSING, BESIDE)
    assert [(line["message"], line["job_id"]) for line in lines] == [("worker.aws_error", job.id)]
    store.apply(job.id, put_off(held, clock.now))
    clock.now += LONGEST_WAIT
    with requests_to("dynamodb") as asked:
        assert store.apply(job.id, claim(clock.now)).payload == BESIDE
    assert asked == RENEWED


@pytest.mark.parametrize("days", [8, 96])
def test_a_request_during_a_long_pause_replaces_the_job_that_waits(
    store: DynamoJobStore, clock: Clock, pass_days: Callable[[float], None], days: float
) -> None:
    service = JobService(store, MemoryJobQueue(clock), clock=clock)
    with only_types(PLAIN):
        asked = [Submission("test.plain", {"to": [name]}, debounce=Debounce("k", 60)) for name in ("ada", "eve")]
        first = service.submit(asked[0]).job
        pass_days(days)
        second = service.submit(asked[1]).job
    assert (second.id, second.gen) == (first.id, 2)
    assert store.get(first.id).payload["to"] == ["eve"]


@pytest.mark.parametrize("waited", [0, 85])
@pytest.mark.parametrize("how", ["replaced another request's job", "took the name that another request left"])
def test_a_key_finds_its_job_for_as_long_as_that_is_kept(
    store: DynamoJobStore, clock: Clock, pass_days: Callable[[float], None], how: str, waited: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    service = JobService(store, MemoryJobQueue(clock), clock=clock)
    keyed: dict[str, Any] = {"idempotency_key": "k", "principal": "p"}
    with only_types(PLAIN, UNIQUE):
        if how.startswith("replaced"):
            asked = [Submission("test.plain", {"to": ["ada"]}, debounce=Debounce("k", 60), principal="p"),
                     Submission("test.plain", {"to": ["eve"]}, debounce=Debounce("k", 60), **keyed)]  # fmt: skip
            service.submit(asked[0])
        else:
            asked = [Submission("test.unique", {"to": ["ada"]}), Submission("test.unique", {"to": ["ada"]}, **keyed)]
            with monkeypatch.context() as dying:
                dying.setattr(store, "add", _ends)
                with pytest.raises(KeyboardInterrupt):
                    service.submit(asked[0])
        mine = service.submit(asked[1]).job
        pass_days(waited or 0.01)
        now = clock()
        held = store.apply(
            mine.id, transitions.claim(mine.gen, now=now, lease_until=now + 60, by=Claimant("r"), job_type=mine.type)
        )
        store.apply(mine.id, transitions.fail(held, now=now, error=("E", "no")))
        pass_days(KEEP_DEAD / DAY - 1)
        assert service.by_key("p", "k") == store.get(mine.id)
        again = service.submit(asked[1])
    assert (again.job.id, again.outcome) == (mine.id, Outcome.REPEATED)


def _ends(*_: object) -> None:
    raise KeyboardInterrupt

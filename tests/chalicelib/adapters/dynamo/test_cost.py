"""Check the cost of jobs: write units of a lifecycle, bytes of the main item, requests of a page."""

import math
import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.constants import INLINE_PAYLOAD
from chalicelib.adapters.dynamo.jobs.bodies import fits_inline
from chalicelib.adapters.dynamo.jobs.rows import JobRow, new_row
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.dynamo.tables.schema import DUE, SCHEDULES
from chalicelib.adapters.dynamo.tables.sizes import WRITE_UNIT, item_size
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.bulk.request import BulkActions
from chalicelib.counters.constants import DEAD_LETTERS_READ_ANYWAY
from chalicelib.counters.history import DeadLetters
from chalicelib.counters.port import Standing
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.jobs.signing import SIGNATURE_BYTES
from chalicelib.limits.serial import InOrder
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from chalicelib.schedules.constants import MOST_RECENT_FIRINGS
from chalicelib.schedules.dynamo import DynamoSchedules
from chalicelib.schedules.schedule import Schedule
from chalicelib.settings import Settings
from tests.chalicelib.adapters.dynamo.meter import metered
from tests.contract.filling import fill
from tests.reading import read_by
from tests.support import REGION, T0, Clock, a_job, requests_to

EMAIL = {
    "to": ["success@simulator.amazonses.com"], "cc": [], "bcc": [], "reply_to": [],
    "subject": "Your order has shipped", "text": "Good news: order 1042 is on its way.",
    "html": "<p>Good news: order <b>1042</b> is on its way.</p>",
}  # fmt: skip
ERROR = ("ConnectionResetError", "The server closed the connection before it had answered: " + "x" * 60)


def real_job(**fields: Any) -> Job:
    """A job with every field that the API sets."""
    fields = {
        "payload": EMAIL, "payload_bytes": 214, "body_hash": "f" * 32, "correlation_id": str(uuid.uuid4()),
        "principal": "0123456789abcdef", "created_at": T0 + 0.123, "updated_at": T0 + 0.123, "due_at": T0 + 60.123,
    } | fields  # fmt: skip
    return a_job(**fields)


def claim(store: DynamoJobStore, job: Job, now: float = T0 + 1.123) -> Job:
    by = Claimant(str(uuid.uuid4()), cold_start=False, receive_count=1)
    return store.apply(job.id, transitions.claim(job.gen, now=now, lease_until=now + 65.5, by=by))


def main_item(job: Job, settings: Settings) -> dict[str, Any]:
    key = {"pk": {"S": job.id}, "sk": {"S": "META"}}
    return dict(aws.client("dynamodb", REGION).get_item(TableName=settings.jobs_table, Key=key)["Item"])


def test_a_job_done_at_the_first_attempt_costs_six_write_units(store: DynamoJobStore) -> None:
    with metered() as meter:
        job = real_job(idempotency_key="order-1042", sent=True)
        store.add(job)
        held = claim(store, job)
        store.apply(job.id, transitions.complete(held, now=T0 + 2, result={"message_id": "0" * 60, "recipients": 1}))
    assert meter.readings == [
        ("PutItem", "META", 3), ("UpdateItem", "META", 1), ("UpdateItem", "META", 2),
    ]  # fmt: skip


def test_a_priority_costs_nothing_and_a_job_without_one_does_not_store_it(
    store: DynamoJobStore, cloud: Settings
) -> None:
    plain, high = real_job(sent=True), real_job(sent=True, priority="high", id=str(uuid.uuid4()))
    with metered() as meter:
        store.add(plain)
        store.add(high)
    assert len(set(meter.readings)) == 1
    assert "priority" not in main_item(plain, cloud)
    assert store.get(high.id).priority == "high"


def test_a_failed_and_repeated_attempt_costs_three_write_units_more(store: DynamoJobStore) -> None:
    """The first failure of a kind costs one more write, for the index of failures; the end costs one more."""
    job = real_job()
    store.add(job)
    held = claim(store, job)
    written = []
    for attempt in (1, 2):
        with metered() as meter:
            store.record(job.id, Attempt(1, attempt, "error", T0, T0 + 1, *ERROR, "Traceback\n" * 40, claim=attempt))
            store.apply(job.id, transitions.postpone(held, now=T0 + 2, not_before=T0 + 4, error=ERROR))
            held = claim(store, job, T0 + 4)
        written.append(meter.readings)
    assert written == [
        [("UpdateItem", f"ATT#0001#c0000{attempt}", 1), ("UpdateItem", "META", units), ("UpdateItem", "META", 1)]
        for attempt, units in ((1, 2), (2, 1))
    ]
    with metered() as meter:
        store.apply(job.id, transitions.complete(held, now=T0 + 5, result=None))
    assert meter.readings == [("UpdateItem", "META", 3)]


NOTHING = 2
"""Bytes of the smallest separate payload, next to an item with the longest key."""


@cache
def largest_inline(key: str | None) -> int:
    """Bytes of the largest payload in the job's main item."""
    job = real_job(idempotency_key=key)

    def row(size: int) -> JobRow:
        row = new_row(JobRow, replace(job, payload_bytes=size))
        row.signature = bytes(SIGNATURE_BYTES)
        return row

    sizes = range(1, INLINE_PAYLOAD + 1)
    return max((size for size in sizes if fits_inline(row(size), "x" * size)), default=NOTHING)


Step = Callable[[Job], Change]
WORST = ("E" * 90, "x" * 1000)
ENDS: dict[str, Step] = {
    **{f"result of {n}": lambda job, n=n: transitions.complete(job, now=T0 + 2.123, result="r" * n)  # type: ignore[misc]
       for n in (140, 148, 149, 300, 900)},
    "fail": lambda job: transitions.fail(job, now=T0 + 2.123, error=WORST),
    "exhaust": lambda job: transitions.exhaust(job, now=T0 + 2.123, error=WORST),
    "stop": lambda job: transitions.stop(job, now=T0 + 2.123),
    "give_up": lambda job: transitions.give_up(job, now=T0 + 99.123, error=WORST),
    "postpone": lambda job: transitions.postpone(job, now=T0 + 2.123, not_before=T0 + 9.123, error=WORST),
    "suspend": lambda job: transitions.suspend(
        job, now=T0 + 2.123, until=T0 + 9999.123, what="event:" + "e" * 100, parked=True, kept=9999, progressed=False
    ),
}  # fmt: skip


def looked(job: Job) -> Change:
    return transitions.check(job, until=T0 + 200.123, resent=True, stalled_since=T0 + 100.123)


def told(job: Job) -> Change:
    return transitions.report(job, now=T0 + 1.234, percent=100 / 3, note="漢" * 200)


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("key", [None, "0" * 36, "k" * 255])
def test_the_main_item_stays_within_one_write_unit(
    store: DynamoJobStore, cloud: Settings, key: str | None, beside: bool
) -> None:
    """The largest payload in the main item, or one byte more outside of it, and every later write."""
    size = largest_inline(key) + beside
    for end in ENDS.values():
        job = real_job(payload="x" * (size - 2), payload_bytes=size, idempotency_key=key)
        store.add(job)
        assert ("payload_ref" in main_item(job, cloud)) == (beside or size == NOTHING)
        live(store, cloud, job, end)


def live(store: DynamoJobStore, cloud: Settings, job: Job, end: Step) -> None:
    """Make every possible write to a job, until its end."""

    def step(change: Change) -> Job:
        after = store.apply(job.id, change)
        assert item_size(main_item(job, cloud)) <= WRITE_UNIT
        return after

    step(looked(job))
    held = claim(store, job)
    step(looked(held))
    step(told(held))
    after = step(end(held))
    if after.status is Status.RETRYING:
        again = claim(store, after, T0 + 10.123)
        step(told(again))
        step(transitions.ask_to_stop(again, now=T0 + 11.123))
        step(transitions.fail(again, now=T0 + 12.123, error=WORST))


def test_the_state_of_a_job_is_one_small_read_whatever_it_carries(store: DynamoJobStore) -> None:
    job = real_job(payload={"text": 200_000 * "x"})
    store.add(job)
    with requests_to("dynamodb") as asked:
        store.get(job.id)
    assert asked == ["GetItem", "GetItem"]
    with requests_to("dynamodb") as asked:
        store.get_without_bodies(job.id)
    assert asked == ["GetItem"]


def start(store: DynamoJobStore, clock: Clock, job: Job) -> list[str]:
    """Let an attempt take the row of its key; return the requests."""
    order = InOrder(job.type, store, clock)
    order.next(Delivery("m", "r", "{}", 1, group="acme"))
    with requests_to("dynamodb") as asked:
        order.start(job)
    return list(asked)


def claimed(store: DynamoJobStore) -> Job:
    job = real_job(tags=("tenant=acme",))
    store.add(job)
    return claim(store, job)


def test_an_attempt_costs_a_read_and_a_write_more_and_a_second_read_behind_another_one(
    store: DynamoJobStore, clock: Clock
) -> None:
    first = claimed(store)
    assert start(store, clock, first) == ["GetItem", "UpdateItem"]
    store.apply(first.id, transitions.complete(first, now=T0 + 2, result="done"))
    second = claimed(store)
    assert start(store, clock, second) == ["GetItem", "GetItem", "UpdateItem"]
    clock.now += 3600
    third = claimed(store)
    third = replace(third, lease_until=clock.now + 60)
    assert start(store, clock, third) == ["GetItem", "UpdateItem"]
    with metered() as meter:
        start(store, clock, third)
    assert meter.readings == [("UpdateItem", "KEY", 1)]


DEAD = 226
STANDING = Standing({("email.send", Status.DEAD_LETTER): DEAD})


@pytest.fixture
def dead(store: DynamoJobStore) -> DynamoJobStore:
    fill(store, [a_job(status=Status.DEAD_LETTER, created_at=T0 + n, finished_at=T0 + n) for n in range(DEAD)])
    return store


def test_health_looks_at_the_dead_letters_in_five_requests_a_hundred_and_remembers_them(
    dead: DynamoJobStore, clock: Clock
) -> None:
    letters = DeadLetters(dead, clock)
    with read_by(REGION) as reading:
        seen = letters.look(STANDING)
    assert reading.requests == {"dynamodb:Query": 12, "dynamodb:BatchGetItem": 3}
    assert reading.units < 0.6 * DEAD
    assert seen is not None
    assert sorted(one.at for one in seen) == [T0 + n for n in range(DEAD)]
    clock.now += DEAD_LETTERS_READ_ANYWAY - 1
    with requests_to("dynamodb") as asked:
        assert letters.look(STANDING) is seen
    assert asked == []


def test_a_count_of_a_hundred_jobs_takes_five_requests(dead: DynamoJobStore, clock: Clock) -> None:
    bulk = BulkActions(dead, Operations(Dispatcher(dead, MemoryJobQueue(clock), clock)), clock=clock)
    with read_by(REGION) as reading:
        report = bulk.on_matches("retry", Filter(status=Status.DEAD_LETTER), 100, dry_run=True)
    assert (report.matched, report.skipped, report.more) == (100, [], True)
    assert reading.requests == {"dynamodb:Query": 4, "dynamodb:BatchGetItem": 1}
    assert reading.units < 60


PAYLOAD = {"hours": 24, "formats": ["csv", "html"]}
HOURLY = Schedule(
    "hourly", "report.generate", "0 * * * *", "Europe/Berlin", PAYLOAD, created_at=T0, updated_at=T0,
    recent=tuple(T0 - 3600.0 * n for n in range(MOST_RECENT_FIRINGS)), writer="0123456789ab",
)  # fmt: skip


@pytest.mark.parametrize(("number", "minutes", "due", "units"), [(0, 1, 0, 0), (120, 60, 2, 0.5), (100, 1, 100, 7.0)])
def test_those_that_are_due_are_read_once_and_cost_what_their_rows_weigh(
    cloud: Settings, number: int, minutes: int, due: int, units: float
) -> None:
    """Check the numbers in docs/schedules.md:

    100 schedules cost 0.6 units a minute over an hour, if all are due in one minute.
    """
    store = DynamoSchedules(cloud)
    for n in range(number):
        store.add(replace(HOURLY, id=f"hourly-{n}", next_at=T0 + n % minutes * 60))
    with requests_to("dynamodb") as asked:
        assert len(store.due(T0, 1_000)) == due
    assert asked == ["Query"]
    answer = aws.client("dynamodb", REGION).query(
        TableName=cloud.control_table, IndexName=DUE, KeyConditionExpression="due_in = :s AND due_at <= :t",
        ExpressionAttributeValues={":s": {"S": SCHEDULES}, ":t": {"S": "2027-01-15T08:00:00.000Z"}},
    )  # fmt: skip
    assert 0.5 * math.ceil(sum(map(item_size, answer["Items"])) / 4096) == pytest.approx(units, rel=0.05)


def test_a_job_and_its_history_are_read_consistently(cloud: Settings, clock: Clock) -> None:
    store = DynamoJobStore(cloud, clock)
    job = a_job()
    store.add(job)
    asked: list[dict[str, Any]] = []
    events = aws.client("dynamodb", cloud.region).meta.events

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(params)

    events.register("provide-client-params.dynamodb.*", note)
    try:
        store.get(job.id)
        store.view(job.id)
    finally:
        events.unregister("provide-client-params.dynamodb.*", note)
    assert len(asked) >= 2
    assert [params.get("ConsistentRead") for params in asked] == [True] * len(asked)

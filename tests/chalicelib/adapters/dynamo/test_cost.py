"""What jobs cost: write units of a life, bytes of the main item, requests of a page."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.bodies import INLINE_PAYLOAD, fits_inline
from chalicelib.adapters.dynamo.jobs.rows import JobRow, new_row
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.dynamo.tables.sizes import WRITE_UNIT, item_size
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.signing import SIGNATURE_BYTES
from chalicelib.settings import Settings
from tests.chalicelib.adapters.dynamo.meter import metered
from tests.support import REGION, T0, a_job, requests_to

EMAIL = {
    "to": ["success@simulator.amazonses.com"], "cc": [], "bcc": [], "reply_to": [],
    "subject": "Your order has shipped", "text": "Good news: order 1042 is on its way.",
    "html": "<p>Good news: order <b>1042</b> is on its way.</p>",
}  # fmt: skip
ERROR = ("ConnectionResetError", "The server closed the connection before it had answered: " + "x" * 60)


def real_job(**fields: Any) -> Job:
    """A job with all that the API puts on it."""
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


def test_a_failed_and_repeated_attempt_costs_three_write_units_more(store: DynamoJobStore) -> None:
    """The first of a kind of error one more, for the index of failures, and the end another one to leave it."""
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
"""Bytes of the smallest payload, which lies beside an item whose key is as long as can be."""


@cache
def largest_inline(key: str | None) -> int:
    """Bytes of the largest payload that would lie in the job's main item."""
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
    """The largest payload that lies in it, or one byte more beside it, and everything that can be written after."""
    size = largest_inline(key) + beside
    for end in ENDS.values():
        job = real_job(payload="x" * (size - 2), payload_bytes=size, idempotency_key=key)
        store.add(job)
        assert ("payload_ref" in main_item(job, cloud)) == (beside or size == NOTHING)
        live(store, cloud, job, end)


def live(store: DynamoJobStore, cloud: Settings, job: Job, end: Step) -> None:
    """Write all that can be written to a job until its end."""

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

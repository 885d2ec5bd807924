"""What it costs that the jobs of a key run one at a time: one write and one read a job, and one more behind another."""

from dataclasses import replace

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.jobs import transitions
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.job import Job
from chalicelib.limits.serial import InOrder
from tests.chalicelib.adapters.dynamo.meter import metered
from tests.chalicelib.adapters.dynamo.test_cost import claim, real_job
from tests.support import T0, Clock, requests_to


def start(store: DynamoJobStore, clock: Clock, job: Job) -> list[str]:
    """Let an attempt take its key; return the requests."""
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

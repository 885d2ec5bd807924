"""Check the cost of steps, sleeps, waits and events: the units of each write, the reads, and the messages."""

from dataclasses import replace

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import StepFailed, Suspended
from chalicelib.job_types.changes import Changes
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.retry import Delays
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Job
from chalicelib.jobs.step import Step
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from chalicelib.operating.posting import Posting
from chalicelib.usage.constants import STEP_UNITS
from chalicelib.worker.steps import Steps
from infra.cloud.cost.steps import RESUME_READS, SLEEP_UNITS, WAIT_UNITS
from tests.chalicelib.adapters.dynamo.meter import Meter, metered
from tests.chalicelib.adapters.dynamo.test_cost import claim, real_job
from tests.chalicelib.api.support import Note, only_types
from tests.reading import read_by
from tests.support import REGION, T0, Clock, requests_to

PLAIN: JobType[Note, None] = JobType("test.plain", lambda _payload, _ctx: None, Note)
WAKE = T0 + 9_000
BY = Claimant("request")


def steps_of(held: Job, store: DynamoJobStore) -> Steps:
    return Steps(held, store, lambda: T0 + 2.5, lambda: 900.0, lambda: None)


def begun(store: DynamoJobStore) -> Job:
    """Return a claimed job whose worker has kept a step."""
    job = real_job(sent=True)
    store.add(job)
    held = claim(store, job)
    store.keep_step(held, Step("step:first", T0, 1))
    return held


def suspended(store: DynamoJobStore, held: Job, what: str) -> Job:
    change = transitions.suspend(held, now=T0 + 3.5, until=WAKE, what=what, parked=True, kept=2, progressed=True)
    return store.apply(held.id, change)


def units(meter: Meter) -> list[tuple[str, int]]:
    return [(key.rpartition("#")[2], cost) for _, key, cost in meter.readings]


def test_a_step_is_one_write(store: DynamoJobStore) -> None:
    steps = steps_of(begun(store), store)
    with requests_to("dynamodb") as asked:
        steps.step("order", lambda: {"ordered": True})
    assert asked == ["Query", "UpdateItem"]
    with metered() as meter:
        steps.step("pay", lambda: {"paid": True})
        steps.uuid()
        steps.now()
        steps.step("read", lambda: "x" * 1_000)
    assert STEP_UNITS == 1
    assert units(meter) == [("step:pay", 1), ("uuid:1", 1), ("now:1", 1), ("step:read", 2)]


def test_a_failed_try_and_a_version_are_one_write_each(store: DynamoJobStore) -> None:
    steps = replace(steps_of(begun(store), store), changes=Changes(version="2", versions=("1",)))
    with metered() as meter:
        steps.begin()
        with pytest.raises(StepFailed):
            steps.step("pay", int, "no", tries=1)
        with pytest.raises(Suspended):
            steps.step("ship", int, "no", retry=Delays((60,)))
    assert units(meter) == [("version:run", 1), ("try:1.1.pay", 1), ("try:1.1.ship", 1)]


def test_a_cancel_that_lets_a_job_undo_its_steps(store: DynamoJobStore, clock: Clock) -> None:
    asleep = suspended(store, begun(store), "time")
    queue = MemoryJobQueue(clock)
    with metered() as meter, requests_to("dynamodb") as asked, only_types(replace(PLAIN, name=asleep.type)):
        Operations(Dispatcher(store, queue, clock)).cancel(asleep.id)
    assert (asked.count("Query"), asked.count("UpdateItem")) == (1, 2)
    assert units(meter) == [("META", 3), ("META", 1)]
    assert sum(map(len, queue.messages.values())) == 1


def test_a_sleep_and_its_end(store: DynamoJobStore) -> None:
    held = begun(store)
    with metered() as meter:
        with pytest.raises(Suspended):
            steps_of(held, store).sleep(9_000)
        asleep = suspended(store, held, "time")
        look = store.apply(asleep.id, transitions.check(asleep, until=WAKE + 60, resent=True))
        store.apply(asleep.id, transitions.mark_sent(look, now=WAKE - 800))
        again = transitions.claim(1, now=WAKE, lease_until=WAKE + 60, by=BY, job_type=asleep.type)
        store.apply(asleep.id, again)
    assert units(meter) == [("sleep:1", 1), ("META", 3), ("META", 2), ("META", 1), ("META", 3)]
    assert meter.total == SLEEP_UNITS


def test_a_wait_and_its_event(store: DynamoJobStore, clock: Clock) -> None:
    held, queue = begun(store), MemoryJobQueue(clock)
    clock.now = T0 + 4
    with metered() as meter:
        with pytest.raises(Suspended):
            steps_of(held, store).wait_for("approved")
        asleep = suspended(store, held, "event:approved")
    assert units(meter) == [("wait:approved", 1), ("META", 3)]
    posting = Posting(Dispatcher(store, queue, clock), "ada")
    with metered() as meter:
        posting.post(asleep.id, "approved", {"by": "ada"})
    assert units(meter) == [("event:approved", 1), ("META", 3), ("META", 1)]
    with metered() as resumed:
        claim(store, store.get(asleep.id))
    assert 1 + 3 + meter.total + resumed.total == WAIT_UNITS
    with requests_to("dynamodb") as asked:
        posting.post(asleep.id, "other")
    assert asked == ["GetItem", "UpdateItem", "GetItem"]
    queue.messages[asleep.type].pop()
    assert sum(map(len, queue.messages.values())) == 2


@pytest.mark.parametrize("number", RESUME_READS)
def test_a_resume_reads_what_is_kept(store: DynamoJobStore, number: int) -> None:
    held = begun(store)
    for place in range(number - 1):
        store.keep_step(held, Step(f"step:part-{place}", T0 + place / 1000, f"exports/part-{place}.csv", took=1.5))
    with requests_to("dynamodb") as asked, read_by(REGION) as reading:
        assert len(store.kept_steps(held)) == number
    assert asked == ["Query"]
    assert reading.units == RESUME_READS[number]

"""A job begins to wait while the number of all values is raised: it starts at once, without the watchdog."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.job_types.at_most import AtMost
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Status
from chalicelib.limits.dynamo import DynamoPlaces
from chalicelib.limits.places import Full, Limit
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.limits import Limits
from chalicelib.operating.lines import Lines
from chalicelib.settings import Settings
from tests.chalicelib.adapters.dynamo.test_cost import claim, real_job
from tests.chalicelib.adapters.dynamo.test_cost_of_limits import ONE, PLAIN, TWO
from tests.chalicelib.api.support import only_types
from tests.support import T0, Clock, requests_to

NAME = f"0.{real_job().type}"
ACME = Limit(f"{NAME}.acme", 1)


@pytest.fixture
def dispatcher(store: DynamoJobStore, clock: Clock) -> Iterator[Dispatcher]:
    clock.now = T0 + 3
    with only_types(replace(PLAIN, name=real_job().type, limits=(AtMost(1, by="text"),))):
        yield Dispatcher(store, MemoryJobQueue(clock), clock)


@pytest.mark.parametrize("moment", ["before its row", "after its row", "after its mark"])
def test_a_job_is_woken_whenever_the_number_of_all_values_is_raised(
    dispatcher: Dispatcher, store: DynamoJobStore, cloud: Settings, clock: Clock, moment: str
) -> None:
    operator = Limits(dispatcher, DynamoPlaces(cloud, clock), clock)
    operator.change(NAME, 0, "ops", "")

    class Raised(DynamoPlaces):
        """The operator resets the limit between two requests of the worker."""

        def stand(self, *about: object) -> None:
            if moment == "before its row":
                operator.reset(NAME)
            super().stand(*about)  # type: ignore[arg-type]
            if moment == "after its row":
                operator.reset(NAME)

        def enlist(self, limit: Limit) -> None:
            if moment == "after its mark":
                operator.reset(NAME)
            super().enlist(limit)

    lines = Lines(dispatcher, Raised(cloud, clock))
    job = replace(real_job(sent=True), id=ONE)
    store.add(job)
    held = claim(store, job)
    assert lines.take(held, [ACME]) == Full(ACME)
    blocked = store.apply(held.id, transitions.block(held, now=T0 + 3, limit=ACME.id))
    lines.wait(blocked, ACME)
    assert store.get(ONE).status is Status.QUEUED


def test_a_job_that_begins_to_wait_reads_the_number_of_all_values_once(
    dispatcher: Dispatcher, store: DynamoJobStore, cloud: Settings, clock: Clock
) -> None:
    lines = Lines(dispatcher, DynamoPlaces(cloud, clock))
    for job_id in (ONE, TWO):
        store.add(replace(real_job(sent=True), id=job_id))
    assert lines.take(claim(store, store.get(ONE)), [ACME]) is None
    held = claim(store, store.get(TWO))
    assert lines.take(held, [ACME]) == Full(ACME)
    blocked = store.apply(held.id, transitions.block(held, now=T0 + 3, limit=ACME.id))
    with requests_to("dynamodb") as made:
        lines.wait(blocked, ACME)
    assert sorted(made) == ["Query", "UpdateItem", "UpdateItem", "UpdateItem"]

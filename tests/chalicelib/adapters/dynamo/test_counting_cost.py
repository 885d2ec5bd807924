"""What looks at many jobs cost: the dead letters of health, and the count before a bulk action."""

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.bulk.request import BulkActions
from chalicelib.counters.history import LOOK_ANYWAY, DeadLetters
from chalicelib.counters.port import Standing
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Filter
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from tests.contract.filling import fill
from tests.reading import read_by
from tests.support import REGION, T0, Clock, a_job, requests_to

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
    clock.now += LOOK_ANYWAY - 1
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

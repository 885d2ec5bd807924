"""Count every AWS request of a watchdog's run; check that the number is limited, however many jobs wait."""

from collections import Counter
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.constants import SWEEP_PAGES
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.entries import Entries
from chalicelib.adapters.dynamo.jobs.queries import due
from chalicelib.adapters.dynamo.jobs.rows import JobRow, new_row
from chalicelib.adapters.dynamo.jobs.shards import FOUR
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.jobs.constants import LOOK_AHEAD
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Message, Search
from chalicelib.producing.service import JobService
from chalicelib.settings import Settings
from chalicelib.watchdog.lookback import Lookback, Window
from chalicelib.watchdog.run import Watchdog
from tests.reading import read_by
from tests.support import REGION, SETTINGS, T0, Clock, a_job, requests_to

TYPES = ("email.send", "image.process", "report.generate")
PARTITIONS = 4 * 3
"""Shards of the groups of a type: unfinished, scheduled, parked."""
IDLE = Counter({"GetQueueAttributes": 2 * len(TYPES), "Query": PARTITIONS * len(TYPES) + 1})
"""Requests for the depth of each queue and its dead-letter queue; for the partitions that may contain overdue jobs; for
the counters."""
BUSY = 4 * 2
"""Additional queries for a type whose queue is not empty: older scheduled and parked jobs need separate queries."""

NEW = 4 * 2
"""Additional queries as long as planned jobs may be unsent although they are due."""


@pytest.fixture
def service(cloud: Settings, clock: Clock) -> JobService:
    client = aws.client("sqs", REGION)
    for name in TYPES:
        for end in ("", "-dlq"):
            client.create_queue(QueueName=f"test-{name.replace('.', '-')}{end}")
    return JobService(DynamoJobStore(cloud, clock), SqsJobQueue(cloud), clock=clock)


def warm(service: JobService) -> Lookback:
    """Return the memory of a process that has sent all planned jobs, for longer than it looks back."""
    return Lookback(service.clock(), {name: Window(0, 0) for name in TYPES})


def run(service: JobService, *, lookback: Lookback | None = None, **facts: Any) -> tuple[dict[str, int], Counter[str]]:
    """Return the results of a run, and its AWS requests in addition to those of an idle run.

    `facts` come from the counters.
    """
    with requests_to("dynamodb") as reads, requests_to("sqs") as messages:
        counters = DynamoCounters(SETTINGS)
        standing = lambda: replace(counters.standing(), **facts)  # noqa: E731
        watchdog = Watchdog(service.dispatcher, TYPES, standing=standing, lookback=lookback or warm(service))
        tally = dict(watchdog.run(lambda: 50.0))
    asked = Counter([*reads, *messages])
    assert asked >= IDLE
    return tally, asked - IDLE


def test_a_run_with_nothing_to_do_makes_43_requests_whatever_waits(service: JobService, clock: Clock) -> None:
    assert IDLE.total() == 43
    assert run(service) == ({}, Counter())
    for number in range(120):
        status = (Status.QUEUED, Status.SCHEDULED, Status.COMPLETED, Status.DEAD_LETTER)[number % 4]
        service.store.add(a_job(status=status, due_at=T0 + 600, created_at=T0 + number / 8))
    clock.advance(61)
    assert run(service) == ({}, Counter())


def test_a_deep_backlog_costs_no_request_and_no_read_unit_more_than_none(
    service: JobService, cloud: Settings, clock: Clock
) -> None:
    """Hundreds of jobs wait in a queue that is not empty, and workers claim the oldest ones: none is read."""
    service.queue.send(Message("somebody", 1, "email.send"))
    clock.advance(3600)
    facts: dict[str, Any] = {"claimed_to": {"email.send": T0 + 60}, "unsent": {"email.send": [T0 + 7200]}}
    asked = Counter(Query=BUSY + 4)  # and also the minute with an unsent job, in each shard
    with read_by(REGION) as idle:
        assert run(service, **facts) == ({}, asked)
    waiting = [a_job(sent=True, created_at=T0 + 100 + n, updated_at=T0 + 100 + n, due_at=T0) for n in range(0, 200, 2)]
    since = {"created_at": T0 + 59, "updated_at": T0 + 59, "lease_until": T0 + 9999, "due_at": T0 + 9999}
    rows = binding.jobs(cloud).bind(JobRow)
    items = [new_row(rows, job).serialize() for job in (*waiting, a_job(status=Status.PROCESSING, **since))]
    for start in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        aws.client("dynamodb", REGION).batch_write_item(RequestItems={cloud.jobs_table: requests})
    with read_by(REGION) as busy:
        assert run(service, **facts) == ({}, asked)
    assert busy.units == idle.units
    with read_by(REGION) as reading:
        assert run(service, claimed_to={"email.send": T0 + 200})[0] == {"waiting": 50}
    assert reading.units > idle.units, "the meter notices what is read"


def test_a_burst_is_sent_ahead_in_tens_and_waits_in_the_queue(service: JobService, clock: Clock) -> None:
    at = T0 + 5000
    for number in range(40):
        job = a_job(status=Status.SCHEDULED, run_at=at + number / 1e3, next_attempt_at=at, due_at=at - LOOK_AHEAD)
        service.store.add(job)
    clock.now = at - 700
    assert run(service) == ({"resent": 40}, Counter(BatchGetItem=4, UpdateItem=80, SendMessageBatch=4))
    assert service.queue.depth("email.send").delayed == 40
    clock.advance(60)
    assert run(service) == ({}, Counter(Query=BUSY)), "none is sent twice"
    assert run(service, lookback=Lookback()) == ({}, Counter(Query=BUSY + NEW)), "a new process looks back"


def test_a_look_at_an_endless_backlog_ends_after_10_queries_a_partition() -> None:
    """Every answer is a megabyte that contains nothing overdue, and has a next page."""
    table = Mock(**{"query.return_value": {"Items": [], "LastEvaluatedKey": {"order": {"S": "next"}}}})
    assert Entries(table, FOUR).oldest(due(Search("email.send"), T0), 3000) == []
    assert table.query.call_count == 4 * SWEEP_PAGES == 40

"""What a run of the watchdog costs: every request to AWS, counted; bounded, whatever has piled up."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs import DynamoJobStore
from chalicelib.adapters.dynamo.pages import SWEEP_PAGES, Pages
from chalicelib.adapters.memory.jobs import MemoryJobQueue, MemoryJobStore
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.ports import Nudge
from chalicelib.service.jobs import JobService
from chalicelib.settings import Settings
from chalicelib.watchdog.run import MOST_LOOKS, Watchdog
from tests.support import REGION, SETTINGS, T0, Clock, a_job, requests_to

TYPES = ("email.send", "image.process", "report.generate")
IDLE = Counter({"GetQueueAttributes": 2 * len(TYPES), "Query": 9})
"""Depth of each queue and its dead-letter queue; each partition of the index that may hold overdue jobs; the pauses."""


@pytest.fixture
def service(cloud: Settings, clock: Clock) -> JobService:
    client = aws.client("sqs", REGION)
    for name in TYPES:
        for end in ("", "-dlq"):
            client.create_queue(QueueName=f"test-{name.replace('.', '-')}{end}")
    return JobService(DynamoJobStore(cloud, clock), SqsJobQueue(cloud), clock=clock)


def run(service: JobService) -> tuple[dict[str, int], Counter[str]]:
    """What a run did, and what it asked of AWS besides the questions of an idle one."""
    with requests_to("dynamodb") as reads, requests_to("sqs") as messages:
        pauses = DynamoCounters(SETTINGS)
        tally = dict(Watchdog(service, TYPES, paused=lambda: pauses.standing().paused).run(lambda: 50.0))
    asked = Counter([*reads, *messages])
    assert asked >= IDLE
    return tally, asked - IDLE


def test_a_run_with_nothing_to_do_makes_15_requests_whatever_waits(service: JobService, clock: Clock) -> None:
    assert IDLE.total() == 15
    assert run(service) == ({}, Counter())
    for number in range(120):
        status = (Status.QUEUED, Status.SCHEDULED, Status.COMPLETED, Status.DEAD_LETTER)[number % 4]
        service.store.add(a_job(status=status, due_at=T0 + 600, created_at=T0 + number / 8))
    clock.advance(61)
    assert run(service) == ({}, Counter())


def test_a_job_that_is_well_costs_a_read_and_a_write_and_then_less_and_less_often(
    service: JobService, clock: Clock
) -> None:
    job = a_job()
    service.store.add(job)
    service.dispatch(job)
    clock.advance(61)
    assert run(service) == ({"waiting": 1}, Counter(GetItem=1, UpdateItem=1))
    clock.advance(61)
    assert run(service) == ({}, Counter())


def test_a_job_that_was_not_sent_costs_a_read_two_writes_and_a_send(service: JobService, clock: Clock) -> None:
    service.store.add(a_job())
    clock.advance(61)
    assert run(service) == ({"resent": 1}, Counter(GetItem=1, UpdateItem=2, SendMessage=1))


def test_ten_dead_letters_cost_a_receive_ten_reads_and_a_removal(service: JobService) -> None:
    client = aws.client("sqs", REGION)
    for _ in range(10):
        service.queue.send(Nudge("nobody", 1, "email.send"))
    source, dead = ("https://sqs.us-east-1.amazonaws.com/123456789012/test-email-send" + end for end in ("", "-dlq"))
    for message in client.receive_message(QueueUrl=source, MaxNumberOfMessages=10)["Messages"]:
        client.send_message(QueueUrl=dead, MessageBody=message["Body"])
    assert run(service) == (
        {"removed": 10},
        Counter(ReceiveMessage=2, GetItem=10, DeleteMessageBatch=1),
    )


def test_a_run_looks_at_a_bounded_number_of_jobs_and_the_next_one_at_the_others(clock: Clock) -> None:
    service = JobService(MemoryJobStore(clock), MemoryJobQueue(clock), clock=clock)
    for number in range(MOST_LOOKS + 100):
        service.store.add(Job(f"job-{number}", "email.send", Status.QUEUED, T0, T0, due_at=T0 + 60))
    clock.advance(61)
    watchdog = Watchdog(service, TYPES)
    assert watchdog.run(lambda: 50.0) == {"resent": MOST_LOOKS}
    assert watchdog.run(lambda: 50.0) == {"resent": 100}


class Endless:
    """A table whose every answer is a megabyte in which nothing is overdue, and behind which there is more."""

    name = "jobs"
    asked = 0

    def query(self, *_: Any, **__: Any) -> dict[str, Any]:
        """See Table."""
        self.asked += 1
        return {"Items": [], "LastEvaluatedKey": {"pk": {"S": "next"}, "order": {"S": "later"}}}


def test_a_look_at_an_endless_backlog_ends_after_80_queries(clock: Clock) -> None:
    table: Any = Endless()
    rows: Any = None
    assert Pages(table, rows, clock).overdue(T0, MOST_LOOKS) == []
    assert table.asked == 8 * SWEEP_PAGES == 80

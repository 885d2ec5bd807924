"""Send jobs ahead that are due at one moment: `python -m tests.proof.burst [--jobs 100000] [--over memory]`.

It runs over the adapters for DynamoDB and SQS with the emulator, or over those in memory, on a clock that only this
script moves. It prints when the messages become visible, which is when a free worker starts their jobs. The run is
limited by the number of jobs, and to seventeen runs of the watchdog.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.rows import JobRow, new_row
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.dynamo.tables.binding import jobs as table_of
from chalicelib.adapters.dynamo.tables.schema import jobs_table
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.jobs.constants import LOOK_AHEAD
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import JobQueue, JobStore
from chalicelib.producing.service import JobService
from chalicelib.settings import Settings
from chalicelib.watchdog.run import Watchdog
from tests.emulated import emulated
from tests.proof.roles.script import silence
from tests.support import T0, Clock

REGION, ACCOUNT, TABLE, TYPE, QUEUE = "us-east-1", "123456789012", "burst-jobs", "email.send", "burst-email-send"
PREFIX = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/burst-"
SETTINGS = replace(Settings.from_env({"SIGNING_KEY": ""}), region=REGION, jobs_table=TABLE, queue_url_prefix=PREFIX)
DUE = T0 + 5_000.0
AWS, MEMORY = "aws", "memory"
JOBS = 100_000
SOON = 2
"""Seconds after the due time within which a job is in time."""


@dataclass
class Played:
    """How many jobs become visible how many seconds after the due time, and how many jobs each run sent."""

    late: Counter[int]
    sent: Sequence[int]

    @property
    def in_time(self) -> int:
        """Return how many jobs can start at the due time, or up to SOON seconds after it."""
        return sum(number for seconds, number in self.late.items() if 0 <= seconds <= SOON)


class Helping:
    """Helpers that run at once, one after the other; see Helpers."""

    def __init__(self, watchdog: Watchdog) -> None:
        self._watchdog = watchdog
        self.sent = 0

    def look_at(self, types: Sequence[str], ids: Sequence[str]) -> None:
        """See Helpers."""
        self.sent += self._watchdog.look_at(types, ids, lambda: 50.0)["resent"]


def burst(jobs: int, over: str) -> Played:
    """Store this many jobs, due at one moment, and run the watchdog each minute until after this moment."""
    clock = Clock(DUE - LOOK_AHEAD - 90)
    with silence(), (_on_aws if over == AWS else _in_memory)(clock, jobs) as (store, queue):
        dispatcher = JobService(store, queue, clock=clock).dispatcher
        helping = Helping(Watchdog(dispatcher, [TYPE]))
        watchdog = Watchdog(dispatcher, [TYPE], helpers=helping)
        sent = []
        while clock.now < DUE + 60:
            clock.advance(60)
            helping.sent = 0
            sent.append(watchdog.run(lambda: 50.0).get("resent", 0) + helping.sent)
        seconds = _visible_on_aws() if over == AWS else (m.visible_at for m in queue.messages[TYPE])  # type: ignore[attr-defined]
        return Played(Counter(round(at - DUE) for at in seconds), sent)


def _jobs(number: int) -> Iterator[Job]:
    for n in range(number):
        yield Job(
            f"{n:08x}-0000-4000-8000-000000000000", TYPE, Status.SCHEDULED, T0, T0, due_at=DUE - LOOK_AHEAD,
            run_at=DUE, next_attempt_at=DUE, payload={"n": n},
        )  # fmt: skip


@contextmanager
def _in_memory(clock: Clock, jobs: int) -> Iterator[tuple[JobStore, JobQueue]]:
    store = MemoryJobStore(clock)
    for job in _jobs(jobs):
        store.add(job)
    yield store, MemoryJobQueue(clock)


@contextmanager
def _on_aws(clock: Clock, jobs: int) -> Iterator[tuple[JobStore, JobQueue]]:
    with emulated(clock):
        properties = jobs_table()
        keys = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        aws.client("dynamodb", REGION).create_table(TableName=TABLE, **{key: properties[key] for key in keys})
        for end in ("", "-dlq"):
            aws.client("sqs", REGION).create_queue(QueueName=QUEUE + end)
        # stored directly, because the work of the API is not measured
        rows, table = table_of(SETTINGS).bind(JobRow), dynamodb_backends[ACCOUNT][REGION].tables[TABLE]
        for job in _jobs(jobs):
            table.put_item(new_row(rows, job).serialize())
        yield DynamoJobStore(SETTINGS, clock), SqsJobQueue(SETTINGS)


def _visible_on_aws() -> Iterator[float]:
    return (message.delayed_until / 1000 for message in sqs_backends[ACCOUNT][REGION].queues[QUEUE]._messages)


def main() -> int:
    """Simulate a burst; return 1 if a job could not start within 2 s of its due time."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.burst", description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS, help="jobs due at one instant")
    parser.add_argument("--over", choices=(AWS, MEMORY), default=AWS, help="the adapters and the emulator, or memory")
    asked = parser.parse_args()
    began = time.process_time()
    played = burst(asked.jobs, asked.over)
    print(f"{asked.jobs:,} jobs due at {iso(DUE)}; sent by run: {', '.join(map(str, played.sent))}")
    print(f"visible at the instant or up to 2 s later: {played.in_time:,}; {time.process_time() - began:.0f} s of CPU")
    return 0 if played.in_time == asked.jobs else 1


if __name__ == "__main__":
    sys.exit(main())

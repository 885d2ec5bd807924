"""Write many jobs directly into the tables of an emulator, with the store's own rows but without the API."""

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import boto3

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.rows import JobRow, new_row
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.counters import keys
from chalicelib.counters.port import Additions
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.texts.fingerprints import fingerprint
from chalicelib.settings import Settings

IN_ONE_WRITE = 25
SHARES = {Status.COMPLETED: 90, Status.FAILED: 3, Status.DEAD_LETTER: 2, Status.CANCELLED: 1, Status.QUEUED: 4}
"""Percentage of the jobs in each state, as on a platform that has run for some time."""
ERROR = ("TimeoutError", "no answer")
"""Class and message of every failure."""
EVERY = 0.25
"""Seconds between the creation of two jobs."""


def jobs(number: int, types: list[str], until: float, seed: int = 5) -> Iterator[Job]:
    """Create this many jobs, the last one created at `until` (seconds since the epoch)."""
    chance = random.Random(seed)
    statuses, weights = list(SHARES), list(SHARES.values())
    for place in range(number):
        created = round(until - (number - 1 - place) * EVERY, 3)
        status = chance.choices(statuses, weights)[0]
        failed = status in (Status.FAILED, Status.DEAD_LETTER)
        kind = chance.choice(types)
        yield Job(
            id=str(uuid.UUID(int=chance.getrandbits(128), version=4)), type=kind, status=status,
            created_at=created, updated_at=created, payload={"to": ["a@example.com"]}, payload_bytes=24,
            due_at=created + 60, tags=("night",) if place % 10 == 0 else (), sent=True,
            error_class=ERROR[0] if failed else None, error_message=ERROR[1] if failed else None,
            fingerprint=fingerprint(kind, *ERROR)[0] if failed else None,
        )  # fmt: skip


def seed(settings: Settings, number: int, types: list[str], until: float) -> Counter[tuple[str, Status]]:
    """Write the jobs and their totals; return the numbers by (type, status)."""
    rows = binding.jobs(settings).bind(JobRow)
    client: Any = boto3.client("dynamodb", region_name=settings.region)
    counted: Counter[tuple[str, Status]] = Counter()
    batch: list[dict[str, Any]] = []

    def flush() -> None:
        if batch:
            client.batch_write_item(RequestItems={settings.jobs_table: list(batch)})
            batch.clear()

    for job in jobs(number, types, until):
        counted[job.type, job.status] += 1
        batch.append({"PutRequest": {"Item": new_row(rows, job).serialize()}})
        if len(batch) == IN_ONE_WRITE:
            flush()
    flush()
    _count(settings, counted, until)
    return counted


def _count(settings: Settings, counted: Counter[tuple[str, Status]], at: float) -> None:
    add: Callable[..., Any] = DynamoCounters(settings).add
    for name in {job_type for job_type, _ in counted}:
        numbers = Counter({keys.number(status): n for (kind, status), n in counted.items() if kind == name})
        add(keys.totals(name), Additions(numbers), "seed", "1", "1")
        for seconds in keys.STEPS:
            created = Additions(Counter({"created": counted[name, Status.QUEUED]}))
            add(keys.bucket(name, seconds, at), created, "seed", "1", "1")

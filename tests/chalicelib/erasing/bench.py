"""Run deletions and erasures over an AWS in this process: full lives of jobs, an own scan, and processes that die."""

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.erasing.dynamo import DynamoErasures, DynamoRemoval
from chalicelib.erasing.work import Erasing, NewErasure, keys_of
from chalicelib.job_types import jobtype
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.port import KeyLock
from chalicelib.jobs.step import Step
from chalicelib.jobs.tenants import tag_of
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from chalicelib.settings import Settings
from tests.support import REGION, Clock, a_job

LARGE, HUGE = "x" * 2_000, "x" * 400_000
HOUR = 3600.0


class Dead(BaseException):
    """The process ends here."""


@dataclass
class Woken:
    """See Background."""

    times: int = 0

    def wake(self) -> None:
        self.times += 1


@dataclass
class Bench:
    """The service over DynamoDB and S3."""

    settings: Settings
    clock: Clock
    threads: int = 1
    woken: Woken = field(default_factory=Woken)

    def __post_init__(self) -> None:
        self.store = DynamoJobStore(self.settings, self.clock, jobtype.names)
        self.rows = DynamoErasures(self.settings, self.clock)
        self.removal = DynamoRemoval(self.settings, self.clock, jobtype.names)
        self.counters = DynamoCounters(self.settings)
        operations = Operations(Dispatcher(self.store, MemoryJobQueue(self.clock), self.clock))
        self.erasing = Erasing(
            self.rows, self.store, self.removal, operations, self.woken, self.clock, self.threads
        )  # fmt: skip

    def life(self, tenant: str | None = "acme", status: Status = Status.FAILED, **fields: Any) -> Job:
        """Store a job with everything that can belong to one, and the delivery of its end; return it."""
        now = self.clock.now
        tags = () if tenant is None else (tag_of(tenant),)
        ended = {"finished_at": now, "expires_at": int(now + 90 * 86400)} if status in ENDED else {}
        job = a_job(**{
            "tags": tags, "status": status, "created_at": now, "updated_at": now, "attempts": 2, "claims": 2, "gen": 2,
            "idempotency_key": f"order-{now}", "principal": "1f2e", "parent": a_job().id,
            "payload": {"to": LARGE}, **ended, **fields,
        })  # fmt: skip
        self.store.add(job)
        self.store.keep_payload(job.id, 1, {"to": HUGE})
        self.store.record(job.id, Attempt(1, 1, "failed", now, now, "E", "m", claim=1))
        self.store.keep_act(job.id, Act("retry", now, "ada", 2))
        self.store.keep_step(job, Step("step:a", now, "small", number=1))
        self.store.keep_step(job, Step("step:b", now, HUGE, number=2))
        self.store._bodies._keep_result(job.id, job.type, "1-1", json.dumps(HUGE))
        for key in keys_of(job):
            self.store.acquire(key, None, KeyLock(job.id, now + HOUR))
        if status in ENDED:
            self.store.add(a_job(
                type="webhook.deliver", parent=job.id, status=Status.COMPLETED, idempotency_key="r failed 2",
                created_at=now, finished_at=now, expires_at=int(now + 30 * 86400), tags=("ended:failed",),
            ))  # fmt: skip
        return job

    def scan(self) -> dict[str, Any]:
        """Return every row of a job and every object, by its key: not through any code of the platform."""
        dynamodb, s3 = aws.client("dynamodb", REGION), aws.client("s3", REGION)
        pages = dynamodb.get_paginator("scan").paginate(TableName=self.settings.jobs_table)
        rows = {f"{item['pk']['S']}/{item['sk']['S']}": item for page in pages for item in page["Items"]}
        listed = s3.get_paginator("list_object_versions").paginate(Bucket=self.settings.files_bucket)
        objects = {one["Key"]: one["ETag"] for page in listed for one in page.get("Versions", [])}
        return rows | objects

    def damage(self, job: Job, status: str = "of-a-later-version") -> None:
        """Let no code of this version read the job any more, or again."""
        aws.client("dynamodb", REGION).update_item(
            TableName=self.settings.jobs_table, Key={"pk": {"S": job.id}, "sk": {"S": "META"}},
            UpdateExpression="SET #s = :s", ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":s": {"S": status}},
        )  # fmt: skip

    def of(self, *jobs: Job) -> list[str]:
        """Return the keys of everything that is left of these jobs."""
        ids = [job.id for job in jobs]
        told = {key: f"{key} {_names(row)}" for key, row in self.scan().items()}
        return [key for key, text in told.items() if any(job_id in text for job_id in ids)]

    def go_on(self, seconds: float = HOUR, remaining: Callable[[], float] = lambda: 840.0) -> None:
        """Let the time pass, then run the background function once."""
        self.clock.advance(seconds)
        self.erasing.work(self.counters.standing().erasing, remaining)

    def to_the_end(self, most: int = 60) -> None:
        """Run the background function until nothing is marked; at most as often as the watchdog would in an hour."""
        for _ in range(most):
            if not self.counters.standing().erasing:
                return
            self.go_on(120)
        raise AssertionError(f"it does not end: {self.counters.standing().erasing}")

    def erase(self, tenant: str = "acme", *, dry_run: bool = False) -> str:
        """Start an erasure; return its id."""
        self.clock.advance(1)
        return self.erasing.start(NewErasure(f"{int(self.clock.now):020x}", tenant, "ada", "1f2e", "", dry_run)).id


def _names(row: Any) -> str:
    """Return what a row says except its bodies, which are large."""
    return str({k: v for k, v in row.items() if k not in BODIES}) if isinstance(row, dict) else ""


BODIES = ("payload", "body", "value", "result")
ENDED = (Status.FAILED, Status.COMPLETED, Status.CANCELLED, Status.DEAD_LETTER)


@contextmanager
def dying(at: int, when: str) -> Iterator[list[str]]:
    """Let the process die at the request of this number to any service, `before` or `after` it takes effect."""
    seen: list[str] = []
    clients = [aws.client(name, REGION) for name in ("dynamodb", "s3")]
    event = "before-call" if when == "before" else "after-call"

    def fault(model: Any = None, **_: Any) -> None:
        seen.append(model.name)
        if len(seen) == at + 1:
            raise Dead(model.name)

    for client in clients:
        client.meta.events.register(event, fault)
    try:
        with contextlib.suppress(Dead):
            yield seen
    finally:
        for client in clients:
            client.meta.events.unregister(event, fault)


def others(before: dict[str, Any], gone: Sequence[str]) -> dict[str, Any]:
    """Return what may not change."""
    return {key: row for key, row in before.items() if key not in gone}

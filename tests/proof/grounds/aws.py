"""Provide the real adapters over the emulator in this process.

Every AWS request of the tested code is a crash point.
"""

import functools
import json
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.dynamo.tables.schema import control_table, jobs_table
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.bulk.dynamo import DynamoBulkActions
from chalicelib.bulk.port import BulkAction, BulkActionRows
from chalicelib.counters.changes import JobChange
from chalicelib.counters.keys import BULK, TOTALS
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import SPARE_RECEIVES
from chalicelib.jobs.change import Change
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.constants import FIFO_ENDING
from chalicelib.jobs.job import TERMINAL, Job
from chalicelib.jobs.port import JobQueue, JobStore
from chalicelib.settings import Settings
from chalicelib.webhooks.dynamo import DynamoWebhooks
from chalicelib.webhooks.port import Webhooks
from tests.emulated import emulated
from tests.proof.grounds.direct import direct
from tests.proof.grounds.faults import DYNAMODB, SQS, Faults, Moving, Numbered, Partial
from tests.proof.grounds.ground import (
    ATTEMPTS,
    BY_HAND,
    TYPE,
    Ending,
    Ground,
    Received,
    Stand,
    Write,
    places_of_limits,
    plan_of_starts,
)
from tests.proof.grounds.partitions import empty_answered
from tests.proof.grounds.stream import StreamLog

REGION = "us-east-1"
ACCOUNT = "123456789012"
TABLE = "proof-jobs"
PREFIX = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/proof-"
DAY = 86_400
VISIBILITY = 360


class AwsGround:
    """See Ground."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self.faults = Faults()
        self.types: Sequence[str] = (TYPE,)
        self._log = StreamLog(TABLE, REGION, ACCOUNT)
        store = cast("JobStore", Asked(DynamoJobStore(settings, clock), self._log.asked))
        self.store = cast("JobStore", Numbered(Moving(store, self.faults), self.faults))
        self.queue = cast("JobQueue", Numbered(Partial(SqsJobQueue(settings), self.faults), self.faults))
        self.turns = plan_of_starts(self.faults)
        self.told_paused: set[str] = set()
        self.also_paused: Callable[[], Collection[str]] = tuple
        self.places = places_of_limits(self.faults, lambda: frozenset((*self.told_paused, *self.also_paused())), clock)
        self._settings = settings
        self._has_control = False
        self._seen: dict[str, Job] = {}

    def jobs(self) -> Sequence[Job]:
        """See Ground. A job is read again only if one of its rows was written."""
        self._log.read()
        written = self._log.take_written()
        with self.faults.asleep():
            self._seen |= {job_id: self.store.get(job_id) for job_id in self._log.statuses if job_id in written}
        return list(self._seen.values())

    def webhooks(self) -> Webhooks:
        """See Ground."""
        self._make_control()
        return DynamoWebhooks(self._settings)

    def bulk_actions(self, counters: MemoryCounters) -> BulkActionRows:
        """See Ground."""
        self._make_control()
        marked = Marked(DynamoBulkActions(self._settings), counters, self._settings.control_table, self.faults)
        return cast("BulkActionRows", Numbered(marked, self.faults))

    def acted(self) -> Mapping[tuple[str, str], int]:
        """See Ground."""
        self._log.read()
        return self._log.acted

    def unfinished(self) -> bool:
        """See Ground."""
        self._log.read()
        return any(status not in TERMINAL for status in self._log.statuses.values())

    def writes(self) -> Sequence[Write]:
        """See Ground: the table's stream is the log."""
        self._log.read()
        return self._log.writes

    def endings(self) -> Sequence[Ending]:
        """See Ground."""
        self._log.read()
        return self._log.endings

    def changes(self) -> Sequence[JobChange]:
        """See Ground: read as the stream's consumer reads them."""
        self._log.read()
        return self._log.changes()

    def changed(self) -> Sequence[JobChanged]:
        """See Ground: read as the function reads them."""
        self._log.read()
        return self._log.changed()

    def open(self, name: str) -> None:
        """See Ground."""
        self.types = [*self.types, name]
        with self.faults.asleep():
            _make_queues(aws.client("sqs", REGION), name)

    def receive(self, most: int, name: str = TYPE) -> Sequence[Received]:
        """See Ground."""
        found = _sqs().receive_message(_queue_of(name), most, 0, VISIBILITY, ["ApproximateReceiveCount"])
        return [
            Received(m.receipt_handle, m.body, m.approximate_receive_count, m.group_id, m.sent_timestamp / 1000)
            for m in found
        ]

    def delete(self, receipt: str, name: str = TYPE) -> None:
        """See Ground."""
        _sqs().delete_message(_queue_of(name), receipt)

    def put(self, body: str, name: str = TYPE, group: str = BY_HAND) -> None:
        """See Ground."""
        identity = uuid.uuid4().hex if jobtype.serial(name) else None
        _sqs().send_message(_queue_of(name), body, group_id=group, deduplication_id=identity)

    def serialize(self, name: str, max_receives: int) -> None:
        """See Ground."""
        with self.faults.asleep():
            _make_queues(aws.client("sqs", REGION), name, max_receives, FifoQueue="true")

    def waiting(self, name: str = TYPE) -> int:
        """See Ground."""
        return len(_messages(_queue_of(name)))

    def dead(self, name: str = TYPE) -> Sequence[str]:
        """See Ground."""
        return [message.body for message in _messages(_dead_of(name))]

    def take_dead(self, name: str = TYPE) -> Sequence[str]:
        """See Ground."""
        bodies = self.dead(name)
        self._empty(_dead_of(name))
        return bodies

    def purge(self, name: str = TYPE) -> None:
        """See Ground."""
        self._empty(_queue_of(name))

    def _make_control(self) -> None:
        """Make the control table, once: few executions need it."""
        if not self._has_control:
            with self.faults.asleep():
                _make_control(aws.client("dynamodb", REGION), self._settings.control_table)
        self._has_control = True

    def _empty(self, queue: str) -> None:
        # A person may purge a queue only once a minute; in the simulation, messages may be lost at any time.
        _sqs().queues[queue].last_purged_at = None
        _sqs().purge_queue(queue)


class Asked:
    """A store that notes which bulk action asks for a write, before the process can die."""

    def __init__(self, store: JobStore, asked: dict[str, str]) -> None:
        self._store, self._asked = store, asked

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def apply(self, job_id: str, change: Change) -> Job:
        """See JobStore."""
        if bulk := change.values.get("bulk"):
            self._asked[change.writer] = bulk
        return self._store.apply(job_id, change)


class Marked:
    """Rows of bulk actions whose marks in the control table are shown by the counters, as `DynamoCounters` does."""

    def __init__(self, rows: DynamoBulkActions, counters: MemoryCounters, table: str, faults: Faults) -> None:
        self._rows, self._counters, self._table, self._faults = rows, counters, table, faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def add(self, new: BulkAction, ids: Sequence[str] = ()) -> None:
        """See BulkActionRows."""
        try:
            self._rows.add(new, ids)
        finally:
            self._show()

    def close(self, bulk_id: str, now: float) -> None:
        """See BulkActionRows."""
        try:
            self._rows.close(bulk_id, now)
        finally:
            self._show()

    def _show(self) -> None:
        """Read the marks, also if the process has died."""
        with self._faults.asleep():
            found = aws.client("dynamodb", REGION).query(
                TableName=self._table, KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
                ExpressionAttributeValues={":pk": {"S": TOTALS}, ":sk": {"S": BULK}},
            )  # fmt: skip
        self._counters.bulk = {row["sk"]["S"].removeprefix(BULK) for row in found["Items"] if "open" in row}


class _Current:
    """The clock and the faults of the current execution."""

    def __init__(self) -> None:
        self.clock: Callable[[], float] = lambda: 0.0
        self.faults = Faults()

    def now(self) -> float:
        return self.clock()

    def before(self, operation: str, service: str) -> None:
        self.faults.before(operation, service)

    def done(self, operation: str) -> None:
        self.faults.done(operation)


@contextmanager
def on_aws() -> Iterator[Stand]:
    """Provide one emulator for many executions.

    Each gets an empty table, empty queues, its own clock and its own faults.
    """
    current = _Current()
    settings = replace(Settings.from_env({}), region=REGION, jobs_table=TABLE, queue_url_prefix=PREFIX)

    @contextmanager
    def stand(clock: Callable[[], float]) -> Iterator[Ground]:
        dynamodb_backends[ACCOUNT][REGION].reset()
        sqs_backends[ACCOUNT][REGION].reset()
        current.clock, current.faults = clock, Faults()
        jobtype.registered.pop(TYPE, None)  # the previous execution may have made the type serial
        _make_table(dynamodb)
        _make_queues(sqs)
        ground = AwsGround(settings, clock)
        current.faults = ground.faults
        yield ground

    with emulated(current.now):
        dynamodb, sqs = aws.client("dynamodb", REGION), aws.client("sqs", REGION)
        of_table, of_queues = (functools.partial(current.before, service=service) for service in (DYNAMODB, SQS))
        short = direct(dynamodb, of_table, current.done), direct(sqs, of_queues, current.done)
        with short[0], short[1], empty_answered(of_table, current.done):
            yield stand


def _make_table(client: Any) -> None:
    properties = jobs_table()
    keys = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    stream = {"StreamEnabled": True, **properties["StreamSpecification"]}
    client.create_table(TableName=TABLE, StreamSpecification=stream, **{key: properties[key] for key in keys})


def _make_control(client: Any, name: str) -> None:
    properties = control_table()
    keys = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    client.create_table(TableName=name, **{key: properties[key] for key in keys if key in properties})


def _make_queues(
    client: Any, name: str = TYPE, max_receives: int = ATTEMPTS + SPARE_RECEIVES, **attributes: str
) -> None:
    dead, queue = _dead_of(name), _queue_of(name)
    client.create_queue(QueueName=dead, Attributes={"MessageRetentionPeriod": str(14 * DAY), **attributes})
    redrive = {
        "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{dead}",
        "maxReceiveCount": max_receives,
    }
    attributes |= {"VisibilityTimeout": str(VISIBILITY), "MessageRetentionPeriod": str(4 * DAY)}
    client.create_queue(QueueName=queue, Attributes={**attributes, "RedrivePolicy": json.dumps(redrive)})


def _messages(queue: str) -> list[Any]:
    return list(_sqs().queues[queue]._messages)


def _queue_of(name: str, dead: str = "") -> str:
    return f"proof-{name.replace('.', '-')}{dead}{FIFO_ENDING if jobtype.serial(name) else ''}"


def _dead_of(name: str) -> str:
    return _queue_of(name, "-dlq")


def _sqs() -> Any:
    return sqs_backends[ACCOUNT][REGION]

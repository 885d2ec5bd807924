"""The real adapters on the emulator in this process: every AWS request of the code under test is a crash point."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import botocore.session
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs import DynamoJobStore
from chalicelib.adapters.dynamo.schema import META, jobs_table
from chalicelib.adapters.sqs import SqsJobQueue
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.limits import SPARE_RECEIVES
from chalicelib.jobs.ports import JobQueue, JobStore
from chalicelib.settings import Settings
from infra.local.emulator.inprocess import emulated
from tests.proof.faults import Faults, Partial
from tests.proof.ground import TYPE, Ending, Ground, Received, Stand, Write, Written

REGION = "us-east-1"
ACCOUNT = "123456789012"
TABLE = "proof-jobs"
PREFIX = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/proof-"
QUEUE = PREFIX + TYPE.replace(".", "-")
DEAD = QUEUE + "-dlq"
DAY = 86_400


class AwsGround:
    """See Ground."""

    def __init__(self, settings: Settings, clock: Callable[[], float], observer: Any) -> None:
        self.faults = Faults()
        self.store: JobStore = DynamoJobStore(settings, clock)
        self.queue = cast("JobQueue", Partial(SqsJobQueue(settings), self.faults))
        self._sqs = observer

    def jobs(self) -> Sequence[Job]:
        """See Ground."""
        with self.faults.asleep():
            return [self.store.get(job_id) for job_id in {job_id: None for job_id, _, _ in self.writes()}]

    def writes(self) -> Sequence[Write]:
        """See Ground: the table's stream is the log."""
        return [
            (record["Keys"]["pk"]["S"], _written(record.get("OldImage")), new)
            for record in _log()
            if record["Keys"]["sk"]["S"] == META and (new := _written(record.get("NewImage"))) is not None
        ]

    def endings(self) -> Sequence[Ending]:
        """See Ground."""
        images = [record["NewImage"] for record in _log() if record["Keys"]["sk"]["S"].startswith("ATT#")]
        return [(i["pk"]["S"], int(i["gen"]["N"]), int(i["attempt"]["N"]), i["outcome"]["S"]) for i in images]

    def receive(self, most: int) -> Sequence[Received]:
        """See Ground."""
        return [
            Received(m["ReceiptHandle"], m["Body"], int(m["Attributes"]["ApproximateReceiveCount"]))
            for m in self._received(QUEUE, most)
        ]

    def delete(self, receipt: str) -> None:
        """See Ground."""
        self._sqs.delete_message(QueueUrl=QUEUE, ReceiptHandle=receipt)

    def put(self, body: str) -> None:
        """See Ground."""
        self._sqs.send_message(QueueUrl=QUEUE, MessageBody=body)

    def waiting(self) -> int:
        """See Ground."""
        return len(_messages(QUEUE))

    def dead(self) -> Sequence[str]:
        """See Ground."""
        return [message.body for message in _messages(DEAD)]

    def take_dead(self) -> Sequence[str]:
        """See Ground."""
        bodies = self.dead()
        self._empty(DEAD)
        return bodies

    def purge(self) -> None:
        """See Ground."""
        self._empty(QUEUE)

    def _empty(self, url: str) -> None:
        # A person may purge once a minute; what this stands for happens whenever it likes.
        _queue(url).last_purged_at = None
        self._sqs.purge_queue(QueueUrl=url)

    def _received(self, url: str, most: int) -> Sequence[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=most, AttributeNames=["ApproximateReceiveCount"]
        )
        messages: Sequence[dict[str, Any]] = answer.get("Messages", [])
        return messages


class _Current:
    """The clock and the faults of the execution that is going on."""

    def __init__(self) -> None:
        self.clock: Callable[[], float] = lambda: 0.0
        self.faults = Faults()

    def now(self) -> float:
        return self.clock()

    def before(self, model: Any, **_: Any) -> None:
        self.faults.before(model.name)

    def done(self, model: Any, **_: Any) -> None:
        self.faults.done(model.name)


@contextmanager
def on_aws() -> Iterator[Stand]:
    """One emulator for many executions; each gets an empty table, empty queues, its own clock and its own faults."""
    current = _Current()
    settings = replace(Settings.from_env({}), region=REGION, jobs_table=TABLE, queue_url_prefix=PREFIX)

    @contextmanager
    def stand(clock: Callable[[], float]) -> Iterator[Ground]:
        dynamodb_backends[ACCOUNT][REGION].reset()
        sqs_backends[ACCOUNT][REGION].reset()
        current.clock, current.faults = clock, Faults()
        _make_table(dynamodb)
        _make_queues(sqs)
        ground = AwsGround(settings, clock, sqs)
        current.faults = ground.faults
        yield ground

    with emulated(current.now):
        dynamodb, sqs = _observer("dynamodb"), _observer("sqs")
        with _hooked(aws.client("dynamodb", REGION), current), _hooked(aws.client("sqs", REGION), current):
            yield stand


@contextmanager
def _hooked(client: Any, current: _Current) -> Iterator[None]:
    events = client.meta.events
    events.register("before-call", current.before)
    events.register("after-call", current.done)
    try:
        yield
    finally:
        events.unregister("before-call", current.before)
        events.unregister("after-call", current.done)


def _observer(service: str) -> Any:
    session = botocore.session.get_session()
    session.set_credentials("observer", "observer")
    return session.create_client(service, region_name=REGION)


def _make_table(client: Any) -> None:
    properties = jobs_table()
    keys = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    stream = {"StreamEnabled": True, **properties["StreamSpecification"]}
    client.create_table(TableName=TABLE, StreamSpecification=stream, **{key: properties[key] for key in keys})


def _make_queues(client: Any) -> None:
    name = QUEUE.rpartition("/")[2]
    client.create_queue(QueueName=f"{name}-dlq", Attributes={"MessageRetentionPeriod": str(14 * DAY)})
    target = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-dlq"
    redrive = {"deadLetterTargetArn": target, "maxReceiveCount": 3 + SPARE_RECEIVES}
    attributes = {"VisibilityTimeout": "360", "MessageRetentionPeriod": str(4 * DAY)}
    client.create_queue(QueueName=name, Attributes={**attributes, "RedrivePolicy": json.dumps(redrive)})


def _log() -> list[dict[str, Any]]:
    shard = dynamodb_backends[ACCOUNT][REGION].tables[TABLE].stream_shard
    return [item.to_json()["dynamodb"] for item in shard.items]


def _messages(url: str) -> list[Any]:
    return list(_queue(url)._messages)


def _queue(url: str) -> Any:
    return sqs_backends[ACCOUNT][REGION].queues[url.rpartition("/")[2]]


def _written(image: dict[str, Any] | None) -> Written | None:
    if image is None:
        return None
    times = {name: float(image[name]["N"]) if name in image else None for name in ("started_at", "lease_until")}
    gen, attempts, most = (int(image[name]["N"]) for name in ("gen", "attempts", "max_attempts"))
    return Written(Status(image["status"]["S"]), gen, attempts, most, **times)

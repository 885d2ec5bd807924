"""Run the platform's functions in this process over an emulated AWS with the defined stack.

Each acts under its name.
"""

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from app import handler as api
from chalicelib.access.tokens import Role
from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.tables.schema import CANARY, META
from chalicelib.adapters.invocations import LOOK
from chalicelib.assembly import parts
from chalicelib.counters import keys
from chalicelib.counters.port import Additions
from chalicelib.counters.recounting.recount import Recount
from chalicelib.entry import watchdog as watchdog_module
from chalicelib.entry.worker import consume, consume_queue
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import DELIVER
from chalicelib.job_types.queue import urgent_key
from chalicelib.jobs.job import Status
from chalicelib.worker.context import LambdaContext
from infra.definition import local_environment, stateful
from infra.definition.iam.calls import recording
from infra.definition.lambdas.functions import ENDED, EVERY_END, LEFT
from infra.local.api.gateway import event_of
from infra.local.lambdas.events.stream_records import for_lambda, matches, stream_event
from tests.emulated import emulated
from tests.infra.cloud.cost.units import Meter
from tests.stream_json import as_json
from tests.support import Clock

STACK = "jobflow-dev"
ACCOUNT = "123456789012"
REGION = "us-east-1"
Handler = Callable[[Mapping[str, Any], LambdaContext], dict[str, Any]]


@dataclass(frozen=True)
class Context:
    """Lambda's context object with a minute left."""

    aws_request_id: str
    function_name: str = "acting"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:acting"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@dataclass
class Stage:
    """The functions' requests so far are in `recorder`."""

    recorder: Meter
    token: str
    called: set[tuple[str, str]] = field(default_factory=set)
    """Methods and routes of the requests so far."""
    expired: list[dict[str, Any]] = field(default_factory=list)
    """Records of rows that the table has removed; moto removes none."""
    workers: dict[str, Handler] = field(default_factory=dict)
    """The Lambda handlers of job types, created at their first use."""

    def call(self, method: str, path: str, body: Any = None, resource: str = "", key: str = "") -> Any:
        """Send one request to the API as API Gateway does, with `key` as its Idempotency-Key; return (status, body).

        `resource` is the route, if its path has parameters.
        """
        self.called.add((method, resource or path.partition("?")[0]))
        headers = {
            "authorization": f"Bearer {self.token}", "content-type": "application/json",
            **({"idempotency-key": key} if key else {}),
        }  # fmt: skip
        event = event_of(method, path, headers, b"" if body is None else json.dumps(body).encode(), "192.0.2.7")
        with self.recorder.acting_as("api"):
            answer = api(event, Context(str(uuid.uuid4())))
        return answer["statusCode"], json.loads(answer["body"])

    def work(self, kind: jobtype.JobType[Any, Any], *, urgent: bool = False) -> int:
        """Give the worker of the type's queue, or of its urgent one, the visible messages; return their number."""
        sqs, short = boto3.client("sqs", region_name=REGION), urgent_key(kind.short) if urgent else kind.short
        url = sqs.get_queue_url(QueueName=f"{STACK}-{short}{kind.queue_ending}")["QueueUrl"]
        found = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=kind.function.batch_size, MessageSystemAttributeNames=["All"]
        ).get("Messages", [])
        if not found:
            return 0
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK}-{short}"
        event = {"Records": [_record(message, arn) for message in found]}
        # not the module's own, which keeps the store and the clock of its first stage
        made = consume(kind) if kind.queue is None else consume_queue(kind.queue.name)
        handler = self.workers.setdefault(kind.queue_key, made)
        with self.recorder.acting_as(kind.short):
            answer = handler(event, Context(str(uuid.uuid4())))
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in found:
            if message["MessageId"] not in failed:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(found)

    def watch(self) -> dict[str, int]:
        """Run the watchdog once."""
        with self.recorder.acting_as("watchdog"):
            return watchdog_module.handler({}, Context(str(uuid.uuid4())))

    def hand_over(self, job_type: str, ids: Sequence[str]) -> dict[str, int]:
        """Let a run of the watchdog start a helper, which checks the jobs."""
        helpers = parts.watchdog_helpers
        assert helpers is not None
        with self.recorder.acting_as("watchdog"):
            # the emulator has no function of that name and reports this: only the request counts
            with pytest.raises(ClientError, match="ResourceNotFound"):
                helpers.look_at([job_type], ids)
            event = {LOOK: {"types": [job_type], "ids": list(ids)}}
            return watchdog_module.handler(event, Context(str(uuid.uuid4())))

    def recount(self) -> None:
        """Recount wrong counters: the recount waits for the stream, then repairs them."""
        wrong = Additions(Counter({keys.number(Status.COMPLETED): 1_000}))
        parts.counter_rows.add(keys.totals("email.send"), wrong, "wrong", "0", "1")
        ports = (parts.census, parts.canaries, parts.counters, parts.counter_rows)
        with self.recorder.acting_as("recount"):
            assert Recount(*ports, sleep=self._pass).step(lambda: 300.0, start=True).judged
        assert parts.counters.standing().totals["email.send", Status.COMPLETED] < 1_000

    def count(self, since: int = 0) -> int:
        """Pass the stream after its first `since` records to the counters; return the number of records."""
        from chalicelib.entry import stream as counters

        arn, shard, records = self._stream()
        with self.recorder.acting_as("counters"):
            counters.handler(
                {**stream_event(as_json(records[since:]), arn), "shardId": shard}, Context(str(uuid.uuid4()))
            )
        return len(records)

    def follow(self) -> dict[str, Any]:
        """Pass the ended jobs in the stream to the function `followup`, as its event filter does."""
        from chalicelib.entry import followup

        arn, shard, records = self._stream()
        patterns = (*(EVERY_END if DELIVER in jobtype.names() else ENDED), LEFT)
        told = [*records, *self.expired]
        ends = [record for record in told if any(matches(record, json.loads(pattern)) for pattern in patterns)]
        with self.recorder.acting_as("followup"):
            return followup.handler({**stream_event(as_json(ends), arn), "shardId": shard}, Context(str(uuid.uuid4())))

    def _stream(self) -> tuple[str, str, list[Any]]:
        """Return the ARN of the jobs table's stream, its shard, and the records of jobs and canaries in it."""
        streams = boto3.client("dynamodbstreams", region_name=REGION)
        arn = streams.list_streams(TableName=f"{STACK}-jobs")["Streams"][0]["StreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        found: list[Any] = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
        records: list[Any] = [
            for_lambda(record) for record in found if record["dynamodb"]["Keys"]["sk"]["S"] in (META, CANARY)
        ]
        return arn, shard, records

    def _pass(self, _: float) -> None:
        """Run the stream's function while the recount waits for it."""
        with self.recorder.acting_as("poller"):
            self.count()


@contextmanager
def stage(environment: pytest.MonkeyPatch, clock: Clock | None = None, **more: str) -> Iterator[Stage]:
    """Yield an empty stage, on real time unless there is a clock.

    `more` are variables of the functions' environment.
    """
    given = {} if clock is None else {"clock": clock}
    written = local_environment("https://sqs.us-east-1.amazonaws.com", ACCOUNT, REGION, STACK)
    for name, value in {
        **written,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        **more,
    }.items():
        environment.setenv(name, value)
    # the functions of a new stage start in new processes
    environment.setattr(watchdog_module, "REMEMBERED", watchdog_module.Remembered())
    with emulated(clock):
        aws._client.cache_clear()
        parts.replace(**given)
        _create()
        text, _ = parts.tokens.issue(Role.ADMIN, "acting")
        parts.replace(**given)
        with recording(Meter(STACK, REGION)) as recorder:
            yield Stage(recorder, text)
    parts.reset()
    aws._client.cache_clear()


def _create() -> None:
    template = {"Resources": stateful(jobtype.load(), STACK)}
    boto3.client("cloudformation", region_name=REGION).create_stack(StackName=STACK, TemplateBody=json.dumps(template))
    boto3.client("sesv2", region_name=REGION).create_email_identity(EmailIdentity="jobs@example.com")


def _record(message: Any, arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
        "attributes": message["Attributes"], "messageAttributes": {}, "eventSource": "aws:sqs",
        "eventSourceARN": arn, "awsRegion": REGION, "sentAt": time.time(),
    }  # fmt: skip

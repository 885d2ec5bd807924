"""Define the measured units of work: a POST, a GET, a job, a run of the watchdog, a record of the stream."""

import base64
import importlib
import json
from collections.abc import Callable
from typing import Any

from chalicelib.adapters import aws
from chalicelib.assembly import parts
from chalicelib.watchdog.run import Watchdog
from infra.local.lambdas.events.stream_records import stream_event
from scripts.benches.cpu.stage import ACCOUNT, REGION, SQS, STACK, Context, Stage

MAIL = {"to": ["ada@example.com"], "subject": "Shipped", "text": "It is on its way."}
BODY = json.dumps({"type": "email.send", "payload": MAIL}).encode()
TYPES = ("email.send", "image.process", "report.generate")
"""The job types of the stage. They are always the same, even if a project has other types."""
Act = Callable[[], Any]


def post(stage: Stage) -> Act:
    """Return the unit that accepts a job over the API."""
    return lambda: _expect(stage.call("POST", "/jobs", BODY), 201)


def get(stage: Stage) -> Act:
    """Return the unit that answers `GET /jobs/{id}`."""
    job_id = _accepted(stage)
    return lambda: _expect(stage.call("GET", f"/jobs/{job_id}"), 200)


def job(stage: Stage) -> Act:
    """Return the unit that processes one delivered message of `email.send`, with its request to SES."""
    _accepted(stage)
    url = f"{SQS}/{ACCOUNT}/{STACK}-email-send"
    (message,) = aws.client("sqs", REGION).receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])[
        "Messages"
    ]
    record = {
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
        "attributes": message["Attributes"], "messageAttributes": {}, "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK}-email-send", "awsRegion": REGION,
    }  # fmt: skip
    handler = importlib.import_module("handlers.email_send").handler
    return lambda: handler({"Records": [record]}, Context())


def watchdog(_: Stage) -> Act:
    """Return the unit of one run of the watchdog that has nothing to do, on one thread."""
    run = Watchdog(parts.job_service.dispatcher, TYPES, 1, parts.counters.standing)
    return lambda: run.run(lambda: 60.0)


def record(stage: Stage) -> Act:
    """Return the unit that adds the record of a new job to the counters."""
    from chalicelib.entry import stream as counters

    _accepted(stage)
    streams = aws.client("dynamodbstreams", REGION)
    arn = streams.list_streams(TableName=f"{STACK}-jobs")["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    last = streams.get_records(ShardIterator=start["ShardIterator"])["Records"][-1:]
    event = {**stream_event(json.loads(json.dumps(last, default=_in_json)), arn), "shardId": shard}
    return lambda: counters.handler(event, Context())


def _in_json(value: Any) -> float | str:
    """Return a time or a binary value of a record as Lambda passes it on."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else float(value.timestamp())


WORK: dict[str, Callable[[Stage], Act]] = {
    "POST /jobs": post,
    "GET /jobs/{id}": get,
    "email.send, worked off": job,
    "watchdog, nothing to do": watchdog,
    "stream record": record,
}


def _accepted(stage: Stage) -> str:
    return str(json.loads(_expect(stage.call("POST", "/jobs", BODY), 201)["body"])["id"])


def _expect(answer: dict[str, Any], status: int) -> dict[str, Any]:
    if answer["statusCode"] != status:
        raise AssertionError(f"{answer['statusCode']} instead of {status}: {answer['body']}")
    return answer

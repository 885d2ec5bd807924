"""Make the AWS calls of a job as HTTP requests, for the benchmark of the emulator."""

import json
import socket
import uuid
from collections.abc import Iterator
from typing import Any

SIGNED = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
PARTITIONS = 4
Body = dict[str, Any]


class Wire:
    """One connection that sends signed JSON calls and reads the replies; kept open as long as the server does."""

    def __init__(self, url: str) -> None:
        self._address = ("127.0.0.1", int(url.rpartition(":")[2]))
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(self._address, timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def send(self, call: bytes) -> bytes:
        """Send a call and return the body of its reply. Raises RuntimeError unless the answer is 200."""
        self._socket.sendall(call)
        line, length, hangs_up = self._file.readline(), 0, False
        while header := self._file.readline().strip().lower():
            if header.startswith(b"content-length:"):
                length = int(header.partition(b":")[2])
            hangs_up = hangs_up or header == b"connection: close"
        body = self._file.read(length)
        if b" 200 " not in line:
            raise RuntimeError(f"{line!r} {body[:200]!r}")
        if hangs_up:  # as stock moto does after each reply
            self._file.close()
            self._socket.close()
            self._connect()
        return body


def call(service: str, target: str, body: Body, path: str = "/") -> bytes:
    """Return a signed JSON call as HTTP bytes."""
    content = json.dumps(body).encode()
    kind = "application/x-amz-json-1.0" if target else "application/json"
    named = f"X-Amz-Target: {target}\r\n" if target else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n{named}"
        f"Authorization: {SIGNED.format(service)}\r\nContent-Length: {len(content)}\r\n\r\n"
    ).encode() + content


def dynamodb(operation: str, body: Body) -> bytes:
    """Return a DynamoDB call on the table of the benchmark."""
    return call("dynamodb", f"DynamoDB_20120810.{operation}", {"TableName": "jobs"} | body)


def sqs(operation: str, body: Body) -> bytes:
    """Return an SQS call on the queue of the benchmark."""
    return call("sqs", f"AmazonSQS.{operation}", {"QueueUrl": "http://127.0.0.1/123456789012/q"} | body)


def key(number: int) -> Body:
    """Return the key of a job's item."""
    return {"pk": {"S": f"JOB#{number}"}, "sk": {"S": "META"}}


def item(number: int) -> Body:
    """Return a job's item of about 1 KB, like the platform's own."""
    payload = json.dumps({"to": ["a@example.com"], "subject": "hello", "text": "x" * 150})
    texts = {"status": "queued", "type": "email.send", "payload": payload, "cid": str(uuid.uuid4())}
    numbers = {"gen": 1, "attempts": 0, "max_attempts": 3, "due_at": 1764028800.123}
    index = {"g": {"S": f"ALL#{number % PARTITIONS}"}, "c": {"S": f"2026-01-01T00:00:00.{number:06d}Z"}}
    typed = {name: {"S": text} for name, text in texts.items()} | {name: {"N": str(n)} for name, n in numbers.items()}
    return key(number) | index | typed


def put(number: int) -> bytes:
    """Return a conditional create."""
    return dynamodb("PutItem", {"Item": item(number), "ConditionExpression": "attribute_not_exists(pk)"})


def claim(number: int) -> bytes:
    """Return a claim: the conditional update a worker begins with, on an item that allows it each time."""
    update = "SET #s = :p, lease = :l, started_at = if_not_exists(started_at, :u) ADD attempts :one REMOVE next_at"
    condition = "gen = :g AND (#s IN (:q, :r) OR (#s = :p AND lease < :now))"
    texts = {":p": "processing", ":u": "2026-01-01T00:00:01Z", ":q": "queued", ":r": "retrying"}
    numbers = {":l": 1, ":one": 1, ":g": 1, ":now": 2}
    values = {name: {"S": text} for name, text in texts.items()} | {name: {"N": str(n)} for name, n in numbers.items()}
    body = {"Key": key(number), "UpdateExpression": update, "ConditionExpression": condition, "ReturnValues": "ALL_NEW"}
    return dynamodb(
        "UpdateItem", body | {"ExpressionAttributeNames": {"#s": "status"}, "ExpressionAttributeValues": values}
    )


def get(number: int) -> bytes:
    """Return a consistent read of one item."""
    return dynamodb("GetItem", {"Key": key(number), "ConsistentRead": True})


def query(number: int) -> bytes:
    """Return a query of the newest 20 of one partition of the index."""
    values = {":g": {"S": f"ALL#{number % PARTITIONS}"}}
    body = {"IndexName": "all", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": values}
    return dynamodb("Query", body | {"Limit": 20, "ScanIndexForward": False})


def send(number: int) -> bytes:
    """Return one message of the platform's form."""
    return sqs(
        "SendMessage", {"MessageBody": json.dumps({"v": 1, "id": f"job {number}", "gen": 1, "type": "email.send"})}
    )


def fill(count: int) -> Iterator[bytes]:
    """Return batches that put `count` items into the table."""
    for start in range(0, count, 25):
        puts = [{"PutRequest": {"Item": item(number)}} for number in range(start, min(start + 25, count))]
        yield call("dynamodb", "DynamoDB_20120810.BatchWriteItem", {"RequestItems": {"jobs": puts}})


def fill_queue(count: int) -> Iterator[bytes]:
    """Return batches that put `count` messages into the queue."""
    for start in range(0, count, 10):
        entries = [{"Id": str(n), "MessageBody": f"job {start + n}"} for n in range(min(10, count - start))]
        yield sqs("SendMessageBatch", {"Entries": entries})


TABLE: Body = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "g", "c")],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "all",
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
EMAIL: Body = {
    "FromEmailAddress": "a@example.com",
    "Destination": {"ToAddresses": ["b@example.com"]},
    "Content": {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t" * 200}}}},
}

"""The HTTP server by its wire: what clients of AWS send that a simple server gets wrong."""

import json
import socket
from collections.abc import Iterator
from typing import IO, Any

import httpx
import pytest

from infra.local.emulator.processes.child import Emulator
from infra.local.emulator.serving.server import MAX_BODY_BYTES
from tests.infra.local.emulator.support import client, make_queue

AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/{}/aws4_request, Signature=0"


class Wire:
    """One connection, written and read byte by byte."""

    def __init__(self, emulator: Emulator) -> None:
        self.socket = socket.create_connection(("127.0.0.1", int(emulator.url.rpartition(":")[2])), timeout=30)
        self.file: IO[bytes] = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, *, head: bool = False) -> tuple[int, dict[str, str], bytes]:
        """One reply: status, headers, body."""
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline().decode().strip()) != "":
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        length = 0 if head else int(headers.get("content-length", 0))
        return status, headers, self.file.read(length)


@pytest.fixture
def wire(emulator: Emulator) -> Iterator[Wire]:
    opened = Wire(emulator)
    yield opened
    opened.file.close()
    opened.socket.close()


@pytest.fixture
def bucket(emulator: Emulator) -> Any:
    s3 = client(emulator, "s3")
    s3.create_bucket(Bucket="files")
    return s3


def call(target: str, body: dict[str, Any], **headers: str) -> bytes:
    """A signed JSON call to SQS."""
    content = json.dumps(body).encode()
    fields = {"Host": "localhost", "X-Amz-Target": f"AmazonSQS.{target}", "Authorization": AUTHORIZATION.format("sqs")}
    fields |= {"Content-Length": str(len(content)), "Content-Type": "application/x-amz-json-1.0"} | headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST / HTTP/1.1\r\n{lines}\r\n".encode() + content


def test_a_connection_serves_many_requests_sent_at_once(wire: Wire, sqs: Any) -> None:
    url = make_queue(sqs, "q")
    wire.send(b"".join(call("SendMessage", {"QueueUrl": url, "MessageBody": str(n)}) for n in range(20)))
    assert [wire.read()[0] for _ in range(20)] == [200] * 20
    wire.send(call("ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": 10}))
    assert [message["Body"] for message in json.loads(wire.read()[2])["Messages"]] == [str(n) for n in range(10)]


def test_requests_behind_a_long_poll_wait_their_turn(wire: Wire, sqs: Any) -> None:
    url = make_queue(sqs, "q")
    wire.send(call("ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 1}) + call("ListQueues", {}))
    assert wire.read()[2] == b"{}"
    assert json.loads(wire.read()[2])["QueueUrls"]


def test_a_chunked_body_is_put_together(wire: Wire, bucket: Any) -> None:
    signed = AUTHORIZATION.format("s3")
    wire.send(
        f"PUT /files/key HTTP/1.1\r\nHost: localhost\r\nAuthorization: {signed}\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n6\r\n there\r\n0\r\n\r\n".encode()
    )
    assert wire.read()[0] == 200
    assert bucket.get_object(Bucket="files", Key="key")["Body"].read() == b"hello there"


def test_the_client_is_told_to_go_on(wire: Wire) -> None:
    head, _, body = call("ListQueues", {}, Expect="100-continue").partition(b"\r\n\r\n")
    wire.send(head + b"\r\n\r\n")
    assert wire.file.readline() == b"HTTP/1.1 100 Continue\r\n"
    wire.file.readline()
    wire.send(body)
    assert wire.read()[0] == 200


def test_a_head_reply_tells_the_length_of_the_body_it_does_not_have(wire: Wire, bucket: Any) -> None:
    bucket.put_object(Bucket="files", Key="key", Body=b"x" * 1234)
    signed = AUTHORIZATION.format("s3")
    wire.send(f"HEAD /files/key HTTP/1.1\r\nHost: localhost\r\nAuthorization: {signed}\r\n\r\n".encode() * 2)
    for _ in range(2):
        status, headers, _body = wire.read(head=True)
        assert (status, headers["content-length"]) == (200, "1234")


def test_the_connection_ends_when_the_client_wants_it(wire: Wire) -> None:
    wire.send(call("ListQueues", {}, Connection="close"))
    assert wire.read()[1]["connection"] == "close"
    assert wire.file.read() == b""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (f"PUT /files/key HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n".encode(), 413),
    ],
)
def test_what_is_not_for_it_is_refused_and_hung_up_on(wire: Wire, sent: bytes, status: int) -> None:
    wire.send(sent)
    assert wire.read()[0] == status
    assert wire.file.read() == b""


def test_a_failure_inside_moto_is_one_500_and_not_the_end(emulator: Emulator, sqs: Any) -> None:
    headers = {"X-Amz-Target": "AmazonSQS.StartMessageMoveTask", "Authorization": AUTHORIZATION.format("sqs")}
    assert httpx.post(emulator.url, headers=headers, json={"SourceArn": "a"}).status_code == 500
    assert "QueueUrls" not in sqs.list_queues()


def test_names_and_metadata_keep_their_spelling(bucket: Any) -> None:
    key = "a folder/ü+%2F?&=#.txt"
    bucket.put_object(Bucket="files", Key=key, Body=b"", Metadata={"under_score": "1", "dash-ed": "2"})
    assert [found["Key"] for found in bucket.list_objects_v2(Bucket="files")["Contents"]] == [key]
    assert bucket.head_object(Bucket="files", Key=key)["Metadata"] == {"under_score": "1", "dash-ed": "2"}

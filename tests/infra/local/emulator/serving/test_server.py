"""Test the HTTP server byte by byte: requests of AWS clients that a simple server handles wrongly."""

import gzip
import socket
from collections.abc import Iterator
from typing import IO, Any

import httpx
import pytest

from infra.local.emulator.processes.child import Emulator
from infra.local.emulator.serving.server import MAX_FIELD_BYTES
from tests.infra.local.emulator.support import client

AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/{}/aws4_request, Signature=0"


class Wire:
    """One connection, written and read byte by byte."""

    def __init__(self, emulator: Emulator) -> None:
        self.socket = socket.create_connection(("127.0.0.1", int(emulator.url.rpartition(":")[2])), timeout=30)
        self.file: IO[bytes] = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def status(self) -> int:
        """Read one reply; return its status."""
        status, length = int(self.file.readline().split()[1]), 0
        while (line := self.file.readline().decode().strip()) != "":
            name, _, value = line.partition(": ")
            length = int(value) if name.lower() == "content-length" else length
        self.file.read(length)
        return status


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


def test_a_chunked_body_is_put_together(wire: Wire, bucket: Any) -> None:
    signed = AUTHORIZATION.format("s3")
    wire.send(
        f"PUT /files/key HTTP/1.1\r\nHost: localhost\r\nAuthorization: {signed}\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n6\r\n there\r\n0\r\n\r\n".encode()
    )
    assert wire.status() == 200
    assert bucket.get_object(Bucket="files", Key="key")["Body"].read() == b"hello there"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
    ],
)
def test_what_is_not_for_it_is_refused_and_hung_up_on(wire: Wire, sent: bytes, status: int) -> None:
    wire.send(sent)
    assert wire.status() == status
    assert wire.file.read() == b""


def test_a_failure_inside_moto_is_one_500_and_not_the_end(emulator: Emulator, sqs: Any) -> None:
    headers = {"X-Amz-Target": "AmazonSQS.StartMessageMoveTask", "Authorization": AUTHORIZATION.format("sqs")}
    assert httpx.post(emulator.url, headers=headers, json={"SourceArn": "a"}, timeout=60).status_code == 500
    assert "QueueUrls" not in sqs.list_queues()


def test_a_compressed_call_is_read(emulator: Emulator, sqs: Any) -> None:
    headers = {
        "Authorization": AUTHORIZATION.format("sqs"), "X-Amz-Target": "AmazonSQS.CreateQueue",
        "Content-Type": "application/x-amz-json-1.0", "Content-Encoding": "gzip",
    }  # fmt: skip
    answer = httpx.post(
        emulator.url, headers=headers, content=gzip.compress(b'{"QueueName": "compressed"}'), timeout=60
    )
    assert answer.status_code == 200
    assert sqs.list_queues(QueueNamePrefix="compressed")["QueueUrls"]


def test_names_and_metadata_keep_their_spelling(bucket: Any) -> None:
    key = "a folder/ü+%2F?&=#.txt"
    name = 'attachment; filename="Übersicht.csv"'
    kept = {"under_score": "1", "dash-ed": "2"}
    bucket.put_object(Bucket="files", Key=key, Body=b"", Metadata=kept, ContentDisposition=name)
    assert [found["Key"] for found in bucket.list_objects_v2(Bucket="files")["Contents"]] == [key]
    found = bucket.head_object(Bucket="files", Key=key)
    assert found["Metadata"] == kept
    # a client reads the bytes of a header as Latin-1
    assert found["ContentDisposition"].encode("latin-1").decode() == name


def test_a_request_that_offers_another_protocol_is_answered_and_one_without_an_end_is_refused(
    wire: Wire, bucket: Any
) -> None:
    signed = AUTHORIZATION.format("s3")
    wire.send(
        f"PUT /files/key HTTP/1.1\r\nHost: localhost\r\nAuthorization: {signed}\r\nConnection: Upgrade\r\n"
        "Upgrade: h2c\r\nx-amz-meta-a_b: 1\r\nContent-Length: 5\r\n\r\nhello".encode()
    )
    assert wire.status() == 200
    found = bucket.get_object(Bucket="files", Key="key")
    assert (found["Body"].read(), found["Metadata"]) == (b"hello", {"a_b": "1"})
    wire.send(f"GET /files/key HTTP/1.1\r\nHost: localhost\r\nX-Long: {2 * MAX_FIELD_BYTES * 'x'}\r\n\r\n".encode())
    assert wire.status() == 400

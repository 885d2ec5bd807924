"""Test the files bucket: limits, missing objects, links."""

import urllib.parse
from collections.abc import Iterator
from typing import Any

import botocore.session
import httpx
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from chalicelib.adapters import aws
from chalicelib.adapters.s3.files import FileMissing, Files, FileTooLarge, files
from chalicelib.settings import Settings
from infra.local.emulator.processes.child import Emulator
from tests.emulated import emulated

BUCKET = "jobflow-files-test"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with emulated():
        aws.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
        yield files(Settings.from_env({"FILES_BUCKET": BUCKET}))


class Answer:
    """S3 as a fake HTTP layer that gives every request the same answer, and records whether the body was read."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status_code, self.headers, self.body = status, headers, body
        self.reads = 0
        session = botocore.session.get_session()
        session.set_credentials("key", "secret")
        client: Any = session.create_client("s3", region_name="us-east-1")
        client.meta.events.register_first("before-send.s3", self._answer)
        self.files = Files(BUCKET, client)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, self.status_code, HTTPHeaders.from_dict(self.headers), self)

    def read(self, amount: int | None = None) -> bytes:
        self.reads += 1
        return self.body

    def stream(self, amount: int = 1, decode_content: bool = False) -> Iterator[bytes]:
        yield self.body

    def close(self) -> None:
        pass


def test_what_was_written_is_read_and_one_byte_too_many_refused_with_both_sizes(bucket: Files) -> None:
    bucket.write("a/b.txt", b"hello", "text/plain")
    assert bucket.read("a/b.txt", 5) == b"hello"
    with pytest.raises(FileTooLarge, match=r"a/b.txt"):
        bucket.read("a/b.txt", 4)
    with pytest.raises(FileMissing, match=r"^File not found: 'a/c.txt'"):
        bucket.read("a/c.txt", 5)


def test_nothing_is_read_of_an_object_that_is_too_large() -> None:
    answer = Answer(200, {"Content-Length": "2000000000"}, b"x")
    with pytest.raises(FileTooLarge):
        answer.files.read("large", 1000)
    assert answer.reads == 0


def test_a_denied_object_is_missing_too_as_s3_does_not_tell_them_apart_and_other_answers_are_raised() -> None:
    denied = Answer(403, {}, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
    with pytest.raises(FileMissing):
        denied.files.read("a", 5)
    other = Answer(404, {}, b"<Error><Code>NoSuchBucket</Code><Message>No such bucket</Message></Error>")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        other.files.read("a", 5)


def test_a_link_opens_for_whoever_has_it_and_saves_under_a_name() -> None:
    with Emulator.start() as emulator:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in emulator.environment().items():
                patch.setenv(name, value)
            bucket = files(Settings.from_env({"FILES_BUCKET": BUCKET}))
            bucket.client.create_bucket(Bucket=BUCKET)
            bucket.write("reports/1.csv", b"a,b", "text/csv")
            link = bucket.link("reports/1.csv", save_as="report.csv")
        answer = httpx.get(link, timeout=60)
        bare = httpx.get(link.partition("?")[0], timeout=60)
    assert urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["X-Amz-Expires"] == ["3600"]
    assert (answer.status_code, answer.content) == (200, b"a,b")
    assert answer.headers["content-disposition"] == 'attachment; filename="report.csv"'
    assert bare.status_code == 403

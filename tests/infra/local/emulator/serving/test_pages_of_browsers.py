"""Test what a web page in this machine's browser can do to the emulator: only use the bucket with a signed address."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from infra.local.emulator.processes.child import Emulator
from tests.infra.local.emulator.support import client, make_queue

OURS = "http://localhost:8080"
FOREIGN = "http://localhost:9999"
SIGNED = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/{}/aws4_request, Signature=0"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator.start(log_path=tmp_path_factory.mktemp("emulator") / "log", origins=[OURS]) as emulator:
        yield emulator


@pytest.fixture
def s3(emulator: Emulator) -> Any:
    s3 = client(emulator, "s3")
    s3.create_bucket(Bucket="files")
    return s3


def test_the_console_uploads_with_the_form_it_was_given_and_no_other_page_does(s3: Any) -> None:
    form = s3.generate_presigned_post("files", "uploads/a.txt")
    statuses = {
        origin: httpx.post(
            form["url"], data=form["fields"], files={"file": b"a"}, headers={"Origin": origin}, timeout=60
        ).status_code
        for origin in (FOREIGN, "null", OURS)
    }
    assert statuses == {FOREIGN: 403, "null": 403, OURS: 204}


def test_the_console_reads_and_shows_objects(s3: Any) -> None:
    s3.put_object(Bucket="files", Key="a.png", Body=b"picture")
    url = s3.generate_presigned_url("get_object", {"Bucket": "files", "Key": "a.png"})
    read = httpx.get(
        url, headers={"Origin": OURS, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, timeout=60
    )
    shown = httpx.get(url, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, timeout=60)
    assert (read.content, shown.content) == (b"picture", b"picture")
    assert read.headers["access-control-allow-origin"] in (OURS, "*")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/_jobflow/reset", {"Origin": FOREIGN}),
        ("POST", "/_jobflow/reset", {"Origin": OURS}),
        ("POST", "/_jobflow/reset", {"Sec-Fetch-Site": "same-origin"}),
        ("POST", "/_jobflow/reset", {"Host": "rebound.test"}),
        ("POST", "/moto-api/reset", {"Origin": FOREIGN}),
        ("POST", "/moto-api/reset", {"Authorization": SIGNED.format("sqs")}),
        ("POST", "/moto-api/reset", {}),
        ("GET", "/sqs_us-east-1/123456789012/kept?Action=DeleteQueue", {}),
        ("POST", "/", {"Origin": FOREIGN, "Authorization": SIGNED.format("sqs"), "X-Amz-Target": "AmazonSQS.x"}),
    ],
)
def test_no_page_wipes_or_steers(emulator: Emulator, method: str, path: str, headers: dict[str, str]) -> None:
    sqs = client(emulator, "sqs")
    make_queue(sqs, "kept")
    answer = httpx.request(method, emulator.url + path, headers=headers, timeout=60)
    assert answer.is_error
    assert len(sqs.list_queues()["QueueUrls"]) == 1


@pytest.mark.parametrize("service", ["lambda", "iam", "ec2", "batch", "nonsense"])
def test_services_that_the_platform_does_not_use_are_off(emulator: Emulator, service: str) -> None:
    answer = httpx.post(emulator.url, headers={"Authorization": SIGNED.format(service)}, content=b"{}", timeout=60)
    assert answer.status_code == 403
    assert "does not offer" in answer.json()["message"]

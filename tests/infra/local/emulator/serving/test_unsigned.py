"""Check that unsigned requests get from the emulator what S3 would give, and nothing else."""

import base64
import json
from typing import Any

import httpx
import pytest

from chalicelib.adapters.s3.uploads import Upload, Uploads
from infra.local.emulator.processes.child import Emulator
from tests.infra.local.emulator.support import client

PNG = b"\x89PNG" + b"\0" * 96


@pytest.fixture
def s3(emulator: Emulator) -> Any:
    s3 = client(emulator, "s3", signature_version="s3v4")
    s3.create_bucket(Bucket="files")
    s3.create_bucket(Bucket="others")
    return s3


@pytest.fixture
def form(s3: Any) -> Upload:
    return Uploads(s3, "files").permit("image/png", len(PNG))


def send(form: Upload, file: bytes = PNG, url: str = "", **fields: str) -> httpx.Response:
    changed = {**form.fields, **{name.replace("_", "-"): value for name, value in fields.items()}}
    return httpx.post(url or form.url, data=changed, files={"file": ("a.png", file)}, timeout=60)


def kept(s3: Any) -> list[str]:
    return [
        one["Key"] for bucket in ("files", "others") for one in s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    ]


def test_a_file_as_it_was_permitted_arrives(s3: Any, form: Upload) -> None:
    assert send(form).status_code == 204
    assert kept(s3) == [form.key]
    assert s3.get_object(Bucket="files", Key=form.key)["Body"].read() == PNG


@pytest.mark.parametrize(
    ("file", "fields", "status", "code"),
    [
        (PNG + b"\0", {}, 400, "EntityTooLarge"),
        (b"", {}, 400, "EntityTooSmall"),
        (PNG, {"Content_Type": "text/html"}, 403, "AccessDenied"),
        (PNG, {"key": "uploads/mine.png"}, 403, "AccessDenied"),
        (PNG, {"key": "results/mine"}, 403, "AccessDenied"),
        (PNG, {"acl": "public-read"}, 403, "AccessDenied"),
        (PNG, {"x_amz_meta_a": "b"}, 403, "AccessDenied"),
        (PNG, {"policy": "e30="}, 400, "InvalidPolicyDocument"),
        (PNG, {"policy": "nonsense"}, 400, "InvalidPolicyDocument"),
        (PNG, {"policy": base64.b64encode(b"[" * 9_000).decode()}, 400, "InvalidPolicyDocument"),
        (PNG, {"policy": base64.b64encode(b'{"expiration": "2999-01-01T00:00:00Z", "conditions": [7]}').decode()},
         400, "InvalidPolicyDocument"),
    ],
)  # fmt: skip
def test_what_the_form_does_not_permit_is_refused(
    s3: Any, form: Upload, file: bytes, fields: dict[str, str], status: int, code: str
) -> None:
    answer = send(form, file, **fields)
    assert (answer.status_code, f"<Code>{code}</Code>" in answer.text) == (status, True), answer.text
    assert kept(s3) == []


@pytest.mark.parametrize("name", ["file", "File", "key", "Content-Type"])
def test_a_field_that_is_there_twice_is_refused(s3: Any, form: Upload, name: str) -> None:
    fields = [*form.fields.items(), (name, form.fields.get(name, "larger than permitted" * 9))]
    parts = [(name, (None, value.encode())) for name, value in fields]
    refused = httpx.post(form.url, files=[*parts, ("file", ("a.png", PNG))], timeout=60)
    assert (refused.status_code, kept(s3)) == (400, [])


def test_a_form_is_for_its_bucket_and_its_time(s3: Any, form: Upload) -> None:
    assert send(form, url=form.url.replace("/files", "/others")).status_code == 403
    policy = json.loads(base64.b64decode(form.fields["policy"]))
    late = base64.b64encode(json.dumps({**policy, "expiration": "2020-01-01T00:00:00Z"}).encode()).decode()
    assert "expired" in send(form, policy=late).text
    assert kept(s3) == []


@pytest.mark.parametrize("left_out", ["policy", "key", "x-amz-signature", "x-amz-credential", "Content-Type"])
def test_a_form_without_one_of_its_fields_is_refused(s3: Any, form: Upload, left_out: str) -> None:
    del form.fields[left_out]
    assert send(form).status_code == 403
    assert kept(s3) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/files?delete"), ("POST", "/files?delete&X-Amz-Signature=0"), ("POST", "/files"), ("PUT", "/files/a"),
        ("DELETE", "/files/a"), ("DELETE", "/files"), ("GET", "/files"), ("GET", "/"), ("GET", "/files/kept"),
        ("PUT", "/mine"), ("POST", "/files/a?uploads"), ("PUT", "/files?policy"), ("GET", "/files?policy"),
        ("DELETE", "/files/kept?X-Amz-Signature=0"), ("GET", "/files/kept?X-Amz-Signature=0"),
        ("GET", "/files/kept?X-Amz-Signature=0&X-Amz-Date=20200101T000000Z&X-Amz-Expires=60"),
        ("GET", "/files/kept?Signature=0&Expires=1"),
    ],
)  # fmt: skip
def test_nothing_else_is_answered_without_a_signature(s3: Any, emulator: Emulator, method: str, path: str) -> None:
    s3.put_object(Bucket="files", Key="kept", Body=b"secret")
    answer = httpx.request(
        method, emulator.url + path, content=b"<Delete><Object><Key>kept</Key></Object></Delete>", timeout=60
    )
    assert (answer.status_code, "secret" in answer.text) == (403, False)
    assert kept(s3) == ["kept"]
    assert {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]} == {"files", "others"}

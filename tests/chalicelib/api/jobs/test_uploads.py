"""Test POST /uploads: a form with which S3 accepts exactly one file."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.adapters.aws import client
from chalicelib.adapters.s3.uploads import EXTENSIONS, Uploads
from chalicelib.api.constants import LARGEST_UPLOAD
from chalicelib.jobs.listing import iso
from tests.chalicelib.api.support import T0, World
from tests.emulated import emulated


@pytest.fixture
def uploads(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An API with a bucket."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with emulated():
        yield World(parts={"uploads": Uploads(client("s3", "eu-central-1"), "files", world.clock)})


@pytest.mark.parametrize(("content_type", "ending"), EXTENSIONS.items())
def test_a_form_binds_key_type_size_and_time(uploads: World, content_type: str, ending: str) -> None:
    answer = uploads.post("/uploads", {"content_type": content_type, "bytes": LARGEST_UPLOAD})

    form = answer.json
    assert answer.status == 200
    assert re.fullmatch(rf"uploads/[0-9a-f-]{{36}}\.{ending}", form["key"])
    assert (form["max_bytes"], form["expires_at"]) == (LARGEST_UPLOAD, iso(T0 + 300))
    assert form["fields"]["key"] == form["key"]
    assert form["fields"]["Content-Type"] == content_type
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    size = ["content-length-range", 1, LARGEST_UPLOAD]
    for condition in ({"bucket": "files"}, {"key": form["key"]}, {"Content-Type": content_type}, size):
        assert condition in policy["conditions"]
    assert form["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert "/eu-central-1/s3/aws4_request" in form["fields"]["x-amz-credential"]
    assert form["url"] == "https://files.s3.eu-central-1.amazonaws.com/"


@pytest.mark.parametrize(
    ("body", "locs"),
    [
        ({}, [["content_type"], ["bytes"]]),
        ({"content_type": "image/svg+xml", "bytes": 1}, [["content_type"]]),
        ({"content_type": "image/png", "bytes": LARGEST_UPLOAD + 1}, [["bytes"]]),
        ({"content_type": "image/png", "bytes": 1, "key": "uploads/x"}, [["key"]]),
    ],
)
def test_what_is_no_upload(uploads: World, body: Any, locs: Any) -> None:
    answer = uploads.post("/uploads", body)
    assert (answer.status, answer.locs) == (422, locs)

"""Test image.process from bucket to bucket."""

import io
import urllib.parse
from typing import Any

import pytest
from PIL import Image

from chalicelib.errors import InvalidPayload
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Status
from handlers.image_process import LARGEST_UPLOAD
from tests.handlers.support import BUCKET, Platform

KEY = "uploads/photo.jpg"


def photo(width: int = 400, height: int = 200) -> bytes:
    target = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(target, "JPEG")
    return target.getvalue()


def stored(platform: Platform, key: str) -> tuple[Image.Image, str]:
    found = platform.files.client.get_object(Bucket=BUCKET, Key=key)
    return Image.open(io.BytesIO(found["Body"].read())), found["ContentType"]


def test_it_writes_the_new_image_and_tells_where_and_what_it_is(platform: Platform) -> None:
    platform.files.write(KEY, photo(), "image/jpeg")
    job = platform.perform("image.process", {"key": KEY, "resize": {"width": 100, "height": 100}, "format": "webp"})
    assert job.status == Status.COMPLETED
    image, content_type = stored(platform, job.result["key"])
    assert job.result["key"] == f"processed/{job.id}/1-1.webp"
    assert (image.format, image.size, content_type) == ("WEBP", (100, 50), "image/webp")
    assert (job.result["width"], job.result["height"], job.result["format"]) == (100, 50, "webp")
    assert (
        job.result["bytes"] == platform.files.client.head_object(Bucket=BUCKET, Key=job.result["key"])["ContentLength"]
    )


def test_the_link_is_signed_for_an_hour_and_says_until_when(platform: Platform) -> None:
    platform.files.write(KEY, photo(), "image/jpeg")
    job = platform.perform("image.process", {"key": KEY})
    link = urllib.parse.urlsplit(job.result["url"])
    query = urllib.parse.parse_qs(link.query)
    assert link.path.endswith(job.result["key"])
    assert (query["X-Amz-Expires"], query["X-Amz-Algorithm"]) == (["3600"], ["AWS4-HMAC-SHA256"])
    assert job.result["url_expires_at"] == "2027-01-15T09:00:00.000Z"


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({}, (400, 200)),
        ({"crop": {"left": 10, "top": 20, "width": 300, "height": 100}}, (300, 100)),
        ({"resize": {"width": 50, "height": 200}}, (50, 25)),
        ({"thumbnail": 64}, (64, 64)),
        ({"crop": {"left": 0, "top": 0, "width": 100, "height": 200}, "resize": {"width": 60, "height": 60}}, (30, 60)),
    ],
)
def test_each_operation(platform: Platform, asked: dict[str, Any], size: tuple[int, int]) -> None:
    platform.files.write(KEY, photo(), "image/jpeg")
    job = platform.perform("image.process", {"key": KEY, **asked})
    assert stored(platform, job.result["key"])[0].size == size


def test_an_upload_that_is_not_there_yet_is_waited_for(platform: Platform) -> None:
    job = platform.perform("image.process", {"key": KEY})
    assert (job.status, job.error_class) == (Status.RETRYING, "FileMissing")
    assert job.error_message == "File not found: 'uploads/photo.jpg' (missing or no read access)."
    platform.files.write(KEY, photo(), "image/jpeg")
    platform.clock.now += 10
    job = platform.attempt(job)
    assert (job.status, job.attempts) == (Status.COMPLETED, 2)
    assert job.result["key"] == f"processed/{job.id}/1-2.jpg"


@pytest.mark.parametrize(
    ("content", "asked", "error", "said"),
    [
        (b"<svg/>", {}, "ImageRefused", "Use JPEG, PNG, WebP or GIF."),
        (photo(), {"crop": {"left": 390, "top": 0, "width": 20, "height": 20}}, "ImageRefused", "ends at 410 x 20"),
        (photo() + b"\x00" * LARGEST_UPLOAD, {}, "FileTooLarge", "15,000,000"),
    ],
    ids=["no image", "a crop outside of it", "too large"],
)
def test_what_cannot_work_fails_at_once(
    platform: Platform, content: bytes, asked: dict[str, Any], error: str, said: str
) -> None:
    platform.files.write(KEY, content, "image/jpeg")
    job = platform.perform("image.process", {"key": KEY, **asked})
    assert (job.status, job.attempts, job.error_class) == (Status.FAILED, 1, error)
    assert said in str(job.error_message)


@pytest.mark.parametrize(
    "key",
    [
        "", "uploads/", "uploads", "photo.jpg", "reports/x/report.csv", "processed/a.jpg", "/uploads/a.jpg",
        "uploads/../reports/a.csv", "uploads/./a.jpg", "uploads//a.jpg", "uploads/a..jpg", "uploads/.a", "uploads/a.",
        "uploads/a b.jpg", "uploads/a\n", "uploads/ä.jpg", "uploads/a?x=1", "uploads/a%2f", "UPLOADS/a.jpg",
        "uploads/" + "a" * 600,
    ],
)  # fmt: skip
def test_only_keys_of_uploads_are_taken(key: str) -> None:
    assert refused_at({"key": key}) == [("payload", "key")]


@pytest.mark.parametrize("key", ["uploads/a", "uploads/3f2b-9.jpg", "uploads/2026/11/photo_1.final.jpeg"])
def test_keys_of_uploads_are_taken(key: str) -> None:
    assert jobtype.get("image.process").parse({"key": key}).key == key


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"quality": 0}, ("quality",)),
        ({"quality": 96}, ("quality",)),
        ({"quality": "80"}, ("quality",)),
        ({"thumbnail": 0}, ("thumbnail",)),
        ({"thumbnail": 2001}, ("thumbnail",)),
        ({"format": "gif"}, ("format",)),
        ({"resize": {"width": 10}}, ("resize", "height")),
        ({"resize": {"width": 10, "height": 10_001}}, ("resize", "height")),
        ({"crop": {"left": -1, "top": 0, "width": 1, "height": 1}}, ("crop", "left")),
        ({"crop": {"left": 0, "top": 0, "width": 1, "height": 1, "x": 1}}, ("crop", "x")),
    ],
)
def test_a_wrong_field_is_named(asked: dict[str, Any], where: tuple[str, ...]) -> None:
    assert refused_at({"key": KEY, **asked}) == [("payload", *where)]


def refused_at(payload: dict[str, Any]) -> list[tuple[str | int, ...]]:
    with pytest.raises(InvalidPayload) as refused:
        jobtype.get("image.process").parse(payload)
    return [error.loc for error in refused.value.errors]

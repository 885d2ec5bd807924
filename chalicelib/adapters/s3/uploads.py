"""Permit uploads with presigned POSTs, so that no file passes through the API."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.adapters.constants import UPLOAD_LINK_SECONDS
from chalicelib.adapters.s3.files import files
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "uploads/"
"""Prefix of uploaded files: jobs cannot read uploads outside of it."""
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A form to POST one file: send every field, then the file in a field named `file`, before `expires_at`."""

    url: str
    fields: dict[str, str]
    key: str
    max_bytes: int
    expires_at: float


@dataclass
class Uploads:
    """Make permissions to upload files, without a request to S3."""

    client: "S3Client"
    bucket: str
    clock: Callable[[], float] = time.time

    def permit(self, content_type: str, size: int) -> Upload:
        """Return a permission to upload one file of that type and at most `size` bytes, for five minutes.

        The caller has checked the type against EXTENSIONS; S3 checks the file's type and size against the signature.
        """
        key = f"{PREFIX}{uuid.uuid4()}.{EXTENSIONS[content_type]}"
        post = self.client.generate_presigned_post(
            self.bucket,
            key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, size]],
            ExpiresIn=UPLOAD_LINK_SECONDS,
        )
        return Upload(post["url"], post["fields"], key, size, self.clock() + UPLOAD_LINK_SECONDS)


def uploads(settings: Settings) -> Uploads:
    """Return the permissions to upload to the files bucket, with this process's client."""
    kept = files(settings)
    return Uploads(kept.client, kept.bucket)

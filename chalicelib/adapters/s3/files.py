"""Access the bucket of uploaded and generated files. No AWS library is imported before the first use."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.adapters.constants import FILE_READ_TIMEOUT, LINK_SECONDS
from chalicelib.errors import JobFlowError, PermanentError
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HIDDEN_OR_MISSING = frozenset({"NoSuchKey", "404", "403", "AccessDenied"})
"""Job functions may not list the bucket, so S3 answers "denied" for a missing key."""


class FileMissing(JobFlowError):
    """No object has that key now. The object may come later, because an upload can be slower than its job."""


class FileTooLarge(PermanentError):
    """The object is larger than the job accepts. A retry cannot change that."""


@dataclass(frozen=True, slots=True)
class Files:
    """One bucket. Sizes in bytes; links are valid for an hour, or until the signer's credentials expire."""

    bucket: str
    client: "S3Client"

    def read(self, key: str, limit: int) -> bytes:
        """Return the object's content; raises FileMissing, or FileTooLarge before it reads anything."""
        from botocore.exceptions import ClientError

        try:
            found = self.client.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in HIDDEN_OR_MISSING:
                raise FileMissing(f"File not found: {key!r} (missing or no read access).") from error
            raise
        with found["Body"] as body:
            if found["ContentLength"] > limit:
                raise FileTooLarge(f"{key!r} has {found['ContentLength']:,} bytes; the limit is {limit:,}.")
            return body.read()

    def write(self, key: str, content: bytes, content_type: str) -> None:
        """Store the content under the key."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type)

    def link(self, key: str, save_as: str | None = None) -> str:
        """Return a link with which anyone can read the object; with `save_as`, a browser saves it under that name."""
        asked = {"Bucket": self.bucket, "Key": key}
        if save_as:
            asked["ResponseContentDisposition"] = f'attachment; filename="{save_as}"'
        return self.client.generate_presigned_url("get_object", Params=asked, ExpiresIn=LINK_SECONDS)


def files(settings: Settings) -> Files:
    """Return the files bucket, with this process's client."""
    from chalicelib.adapters import aws

    # Signature version 4 is set explicitly, because newer regions refuse links with older versions.
    client: S3Client = aws.client("s3", settings.region, read_timeout=FILE_READ_TIMEOUT, signature_version="s3v4")
    return Files(settings.files_bucket, client)

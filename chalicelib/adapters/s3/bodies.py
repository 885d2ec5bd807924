"""Store payloads and results that are too large for DynamoDB as objects in the files bucket."""

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters import aws

GONE = frozenset({"NoSuchKey", "404", "AccessDenied", "403"})
"""Codes of a body that cannot be read. Functions may not list the bucket, so S3 answers "denied" for a missing key. A
missing body therefore looks like a body that the function may not read, and may be readable later."""


class S3Bodies:
    """JSON texts by key. The client is made at the first use, because hardly any process needs it."""

    def __init__(self, bucket: str, region: str) -> None:
        self._bucket = bucket
        self._region = region

    def write(self, key: str, text: str) -> None:
        """Store the text under the key."""
        self._client().put_object(Bucket=self._bucket, Key=key, Body=text.encode(), ContentType="application/json")

    def read(self, key: str) -> str | None:
        """Return the text under the key; None if it is deleted. Raises S3's other errors."""
        try:
            found = self._client().get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                return None
            raise
        with found["Body"] as body:
            return str(body.read(), "utf-8")

    def _client(self) -> Any:
        return aws.client("s3", self._region)

"""Payloads and results that DynamoDB cannot hold, as objects in the files bucket."""

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters import aws

GONE = frozenset({"NoSuchKey", "404", "AccessDenied", "403"})
"""S3 says "denied" for a missing key to those who may not list the bucket, which the functions may not: the two cannot
be told apart, so whoever needs the body treats it as one that may come back."""


class S3Bodies:
    """JSON texts under keys. The client is made at the first use: hardly any process ever needs it."""

    def __init__(self, bucket: str, region: str) -> None:
        self._bucket = bucket
        self._region = region

    def write(self, key: str, text: str) -> None:
        """Keep the text under the key."""
        self._client().put_object(Bucket=self._bucket, Key=key, Body=text.encode(), ContentType="application/json")

    def read(self, key: str) -> str | None:
        """Return the text under the key; None when it is gone. Raises what S3 raises otherwise."""
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

"""Empty buckets and unlock tables, so that they can be deleted."""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.errors import CloudError

MISSING = frozenset({"NoSuchBucket", "404"})
TABLE = "AWS::DynamoDB::Table"


def unlock(account: Account, tables: Iterable[str], say: Callable[[str], None]) -> None:
    """Disable the deletion protection of tables. A missing table is not an error."""
    dynamodb = account.client("dynamodb")
    for name in tables:
        # a table may have been deleted by hand
        with contextlib.suppress(dynamodb.exceptions.ResourceNotFoundException):
            if dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
                say(f"Switching off the deletion protection of {name}.")
                dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
                dynamodb.get_waiter("table_exists").wait(TableName=name)


def empty(account: Account, bucket: str) -> int:
    """Delete every object and version in a bucket; return how many, 0 if there is no such bucket.

    Raises CloudError for an object that stays.
    """
    try:
        return _empty(account.client("s3"), bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return 0


def _empty(s3: Any, bucket: str) -> int:
    count = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in found]
        if objects:
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            if answer.get("Errors"):
                raise CloudError(f"Objects of {bucket} cannot be deleted: {answer['Errors'][0]}")
            count += len(objects)
    return count


def remove(account: Account, bucket: str) -> int:
    """Delete a bucket with its content; return the number of objects. A missing bucket is not an error."""
    try:
        count = empty(account, bucket)
        account.client("s3").delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return 0
    return count

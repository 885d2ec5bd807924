"""Buckets have to be empty before they can be deleted."""

from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.errors import CloudError

MISSING = frozenset({"NoSuchBucket", "404"})


def empty(account: Account, bucket: str) -> int:
    """Delete every object and version in a bucket; returns how many. Raises CloudError for one that stays."""
    s3, count = account.client("s3"), 0
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
    """Delete a bucket and what is in it; returns how many objects. No error when there is no such bucket."""
    try:
        count = empty(account, bucket)
        account.client("s3").delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return 0
    return count

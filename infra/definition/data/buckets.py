"""Define two private buckets: `files` (uploads, results, large payloads) and `site` (the dashboard)."""

import math
from typing import Any

from chalicelib.jobs.constants import DAY
from chalicelib.jobs.retention import KEEP_FILES
from infra.definition.names import Resources, Value, arn_of, bucket_name, ref, sub


def buckets(stack: str, origin: Value) -> Resources:
    """Return both buckets. A browser may upload to `files` only from a page of the origin `origin`."""
    files = _bucket(
        bucket_name(stack, "files"),
        LifecycleConfiguration={
            "Rules": [_expire(prefix, seconds) for prefix, seconds in KEEP_FILES.items()] + [_unfinished()]
        },
        CorsConfiguration={
            "CorsRules": [
                {
                    "AllowedOrigins": [origin],
                    "AllowedMethods": ["POST", "GET"],
                    "AllowedHeaders": ["Content-Type"],
                    "MaxAge": 3600,
                }
            ]
        },
    )
    return {"FilesBucket": files, "SiteBucket": _bucket(bucket_name(stack, "site"))}


def bucket_policies(readers: dict[str, list[dict[str, Any]]]) -> Resources:
    """Refuse plain HTTP on every bucket. `readers`: additional statements, by the logical id of the bucket."""
    return {
        f"{bucket}Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": ref(bucket),
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [_tls_only(bucket), *statements]},
            },
        }
        for bucket, statements in readers.items()
    }


def _bucket(name: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketName": sub(name),
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            **more,
        },
    }


def _expire(prefix: str, seconds: float) -> dict[str, Any]:
    days = math.ceil(seconds / DAY)
    return {"Id": prefix.rstrip("/"), "Status": "Enabled", "Prefix": prefix, "ExpirationInDays": days}


def _unfinished() -> dict[str, Any]:
    return {
        "Id": "unfinished",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }


def _tls_only(bucket: str) -> dict[str, Any]:
    return refuse_plain_text(arn_of(bucket), sub(f"${{{bucket}.Arn}}/*"))


def refuse_plain_text(bucket: Value, objects: Value) -> dict[str, Any]:
    """Return the statement that refuses requests without TLS, for a bucket's policy. Both arguments are ARNs."""
    return {
        "Sid": "RefusePlainText",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, objects],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }

"""The bucket that packages are uploaded to: made before the stack, gone with it, named by account and region.

Nothing in it expires: to roll a deployment back, CloudFormation fetches the package before it from here.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.package import Package
from infra.cloud.translate import with_code
from infra.definition.names import bucket_name


def name(account: Account, stack: str) -> str:
    """The artifacts bucket's name."""
    return bucket_name(stack, "artifacts", account.id, account.region)


def upload(account: Account, package: Package, tags: dict[str, str]) -> str:
    """Upload the zip and the template that points to it; returns the template's URL. What is there already stays."""
    bucket, s3 = name(account, package.stack), account.client("s3")
    _ensure(s3, bucket, account, tags)
    code_key = f"{_digest(package.archive)}.zip"
    if not _exists(s3, bucket, code_key):
        s3.upload_file(str(package.archive), bucket, code_key)
    template = json.dumps(with_code(package.read_template(), f"s3://{bucket}/{code_key}")).encode()
    template_key = f"{hashlib.sha256(template).hexdigest()}.json"
    s3.put_object(Bucket=bucket, Key=template_key, Body=template, ContentType="application/json")
    endpoint = s3.meta.endpoint_url
    return f"{endpoint}/{bucket}/{template_key}"


def _ensure(s3: Any, bucket: str, account: Account, tags: dict[str, str]) -> None:
    """Make the bucket unless it is there. Raises CloudError when somebody else's has the name.

    The name can be guessed: whoever had made a bucket of it first, and let us write, could change the code on its way.
    """
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account.id)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("403", "AccessDenied"):
            raise CloudError(f"The bucket {bucket} belongs to another account, or you may not use it.") from error
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
        region = account.region
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **where)
    closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in tags.items()]})


def _exists(s3: Any, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return False
        raise
    return True


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

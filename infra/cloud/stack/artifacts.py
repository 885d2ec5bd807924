"""Upload packages to a bucket that is created before the stack, deleted with it, and named by account and region.

Nothing in the bucket expires: for a rollback, CloudFormation reads the earlier package from it.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.package.build import Package
from infra.cloud.package.shift import shifted
from infra.cloud.package.size import check_size, compact
from infra.cloud.package.translate import with_code
from infra.cloud.stack.monitoring import TRIGGERS
from infra.definition.data.buckets import refuse_plain_text
from infra.definition.names import bucket_name


def name(account: Account, stack: str) -> str:
    """Return the artifacts bucket's name."""
    return bucket_name(stack, "artifacts", account.id, account.region)


def upload(
    account: Account,
    package: Package,
    tags: dict[str, str],
    values: Mapping[str, str],
    ringing: Collection[str] = (),
    change: Callable[[dict[str, Any]], dict[str, Any]] = lambda template: template,
) -> str:
    """Upload the zips and the template that points to them; return the template's URL.

    `values` are the values of parameters. The alarms in `ringing` are ignored when requests are moved to a new version
    of the API. `change` is applied to the template. Raises CloudError for a template that is too large. The files are
    uploaded each time, because another program may have put other files with these names into the bucket.
    """
    bucket, s3 = name(account, package.stack), account.client("s3")
    zips = {archive.name: _digested(archive, "zip") for archive in package.archives}
    code = {f"./{archive}": f"s3://{bucket}/{key}" for archive, key in zips.items()}
    template = shifted(change(with_code(package.read_template(), code)), values, package.stack, TRIGGERS, ringing)
    check_size(template)
    _ensure(s3, bucket, account, tags)
    for archive in package.archives:
        _put(s3, bucket, archive.read_bytes(), "zip", "application/zip")
    return put_template(account, package.stack, template)


def put_template(account: Account, stack: str, template: Mapping[str, Any]) -> str:
    """Upload a template; returns its URL."""
    bucket, s3 = name(account, stack), account.client("s3")
    template_key = _put(s3, bucket, compact(template), "json", "application/json")
    return f"{s3.meta.endpoint_url}/{bucket}/{template_key}"


def _digested(path: Path, suffix: str) -> str:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()}.{suffix}"


def _put(s3: Any, bucket: str, body: bytes, suffix: str, content_type: str) -> str:
    digest = hashlib.sha256(body)
    key = f"{digest.hexdigest()}.{suffix}"
    # S3 refuses the upload if the data has another checksum
    checksum = base64.b64encode(digest.digest()).decode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, ChecksumSHA256=checksum)
    return key


def _ensure(s3: Any, bucket: str, account: Account, tags: dict[str, str]) -> None:
    """Make the bucket unless it exists. Raises CloudError if the name belongs to another account.

    The name can be guessed. If an attacker had created a bucket with this name and let us write to it, the attacker
    could change the code.
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
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_tls_only(bucket, s3.meta.partition)))
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in tags.items()]})


def _tls_only(bucket: str, partition: str) -> dict[str, Any]:
    """Return the policy that the stack's own buckets also have (`infra.definition.data.buckets`)."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return {"Version": "2012-10-17", "Statement": [refuse_plain_text(arn, f"{arn}/*")]}

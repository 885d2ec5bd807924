"""Remember which templates a stage was deployed with: a list in the artifacts bucket, where their packages are, too."""

import json
from typing import Any

from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.stack import artifacts

KEY = "deployments.json"
MOST = 20
"""Deployments that can be returned to; the packages themselves stay until the stage is destroyed."""


def read(account: Account, stack: str) -> list[str]:
    """Return the URLs of the templates, oldest first."""
    try:
        found = account.client("s3").get_object(Bucket=artifacts.name(account, stack), Key=KEY)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket"):
            return []
        raise
    urls: list[str] = json.loads(found["Body"].read())
    return urls


def write(account: Account, stack: str, urls: list[str]) -> None:
    """Keep the last of these URLs."""
    body = json.dumps(urls[-MOST:]).encode()
    account.client("s3").put_object(Bucket=artifacts.name(account, stack), Key=KEY, Body=body)


def remember(account: Account, stack: str, url: str) -> bool:
    """Add the template of a deployment that succeeded; return False when it is the last one already."""
    urls = read(account, stack)
    if urls[-1:] == [url]:
        return False
    write(account, stack, [*urls, url])
    return True


def template(account: Account, stack: str, url: str) -> dict[str, Any]:
    """Return a remembered template."""
    key = url.rpartition("/")[2]
    found = account.client("s3").get_object(Bucket=artifacts.name(account, stack), Key=key)
    read_back: dict[str, Any] = json.loads(found["Body"].read())
    return read_back

"""Provide the parameters of the tests of a deployed stage."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from chalicelib.access.tokens import Role
from infra.cloud.account import Account
from infra.cloud.package.build import Package
from infra.cloud.stack.cloudformation import Stack
from infra.definition.iam.calls import Recorder, recording

ACTIONS = {
    **dict.fromkeys(("s3:CreateMultipartUpload", "s3:UploadPart", "s3:CompleteMultipartUpload"), "s3:PutObject"),
    "s3:DeleteObjects": "s3:DeleteObjectVersion",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "lambda:Invoke": "lambda:InvokeFunction",
    "apigateway:GetApi": "apigateway:GET",
    "apigateway:GetApiMappings": "apigateway:GET",
    "apigateway:GetRestApi": "apigateway:GET",
}
"""IAM's names of operations that have another name there."""
PREFIXES = {"apigatewayv2": "apigateway", "resourcegroupstaggingapi": "tag", "sesv2": "ses"}


class Deployer(Recorder):
    """Record the AWS requests of the deploy code, by IAM's names."""

    def __init__(self) -> None:
        super().__init__("")
        self.asked: set[str] = set()

    def note(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        """See Recorder."""
        name = f"{PREFIXES.get(service, service)}:{operation}"
        self.asked.add(ACTIONS.get(name, name))

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count the requests within the block as the deployer's."""
        with recording(self):
            yield


@dataclass(frozen=True)
class Cloud:
    """A deployed stage and its clients. `said` is the deployment's output."""

    account: Account
    stack: Stack
    outputs: Mapping[str, str]
    said: str
    first_token: str
    package: Package
    client: Callable[[Role | str | None], httpx.Client]
    smoke: Callable[[Mapping[str, str]], str]
    deployer: Deployer = field(default_factory=Deployer)

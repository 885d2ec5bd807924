"""Make SDK clients for the runner's own calls to the emulator, independent of the shell's AWS settings."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

from infra.local.lambdas.specs import REGION

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

# Calls run in a few threads, each with an open connection. A blocked call must end soon after a shutdown.
CONFIG = Config(
    max_pool_connections=64,
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
    account_id_endpoint_mode="disabled",  # otherwise the host name of a stream request contains the account
    proxies={},  # no proxy: the emulator is on this machine
)
OF_A_STACK = CONFIG.merge(Config(read_timeout=60))
"""The configuration of the client for CloudFormation: it waits 60 s for an answer. At the first call about a stack, the
emulator loads its code, which takes over ten seconds on a busy laptop."""
NOTHING_OF_THE_SHELL: dict[str, Any] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Session variables of botocore, without AWS_PROFILE: its profile may not exist here, or may have settings for real
AWS."""


class Clients:
    """Clients that are made from `aws`: environment variables that point to the emulator."""

    def __init__(self, aws: Mapping[str, str]) -> None:
        self._endpoint = aws["AWS_ENDPOINT_URL"]
        self._session = boto3.Session(
            botocore_session=botocore.session.Session(NOTHING_OF_THE_SHELL),
            aws_access_key_id=aws.get("AWS_ACCESS_KEY_ID", "local"),
            aws_secret_access_key=aws.get("AWS_SECRET_ACCESS_KEY", "local"),
            region_name=aws.get("AWS_DEFAULT_REGION", REGION),
        )

    def sqs(self) -> "SQSClient":
        """Return a client for SQS."""
        return self._session.client("sqs", endpoint_url=self._endpoint, config=CONFIG)

    def streams(self) -> "DynamoDBStreamsClient":
        """Return a client for DynamoDB Streams."""
        return self._session.client("dynamodbstreams", endpoint_url=self._endpoint, config=CONFIG)

    def logs(self) -> "CloudWatchLogsClient":
        """Return a client for CloudWatch Logs."""
        return self._session.client("logs", endpoint_url=self._endpoint, config=CONFIG)

    def cloudformation(self) -> "CloudFormationClient":
        """Return a client for CloudFormation."""
        return self._session.client("cloudformation", endpoint_url=self._endpoint, config=OF_A_STACK)

    def dynamodb(self) -> "DynamoDBClient":
        """Return a client for DynamoDB."""
        return self._session.client("dynamodb", endpoint_url=self._endpoint, config=CONFIG)

    def s3(self) -> "S3Client":
        """Return a client for S3."""
        return self._session.client("s3", endpoint_url=self._endpoint, config=CONFIG)

    def secretsmanager(self) -> Any:
        """Return a client for Secrets Manager."""
        return self._session.client("secretsmanager", endpoint_url=self._endpoint, config=CONFIG)

    def ssm(self) -> Any:
        """Return a client for the Parameter Store."""
        return self._session.client("ssm", endpoint_url=self._endpoint, config=CONFIG)

    def ses(self) -> "SESV2Client":
        """Return a client for SES."""
        return self._session.client("sesv2", endpoint_url=self._endpoint, config=CONFIG)

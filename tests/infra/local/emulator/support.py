"""Provide clients and tables for the emulator's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from infra.local.emulator.processes.child import Emulator

CONFIG = Config(retries={"max_attempts": 0}, read_timeout=30, max_pool_connections=32)
KEYS = ("pk", "sk")


def client(emulator: Emulator, service: str, **options: Any) -> Any:
    """Return a client of a running emulator that does not retry, so that every answer is visible.

    `options` of botocore.
    """
    environment = emulator.environment()
    return boto3.client(
        service,  # type: ignore[call-overload]  # the name is only known at run time
        endpoint_url=emulator.url,
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=CONFIG.merge(Config(account_id_endpoint_mode="disabled", **options)),
    )


def make_table(dynamodb: Any, name: str, **more: Any) -> str:
    """Create a table with the string keys `pk` and `sk`, with a stream, and return its name."""
    attributes = [{"AttributeName": key, "AttributeType": "S"} for key in KEYS]
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=attributes + more.pop("attributes", []),
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        **more,
    )
    return name


def make_queue(sqs: Any, name: str, **attributes: str) -> str:
    """Create a queue and return its URL."""
    return str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def receive(sqs: Any, url: str, count: int = 10, wait: int = 0) -> list[dict[str, Any]]:
    """Return the messages of one receive, with all their attributes."""
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=count, WaitTimeSeconds=wait, MessageSystemAttributeNames=["All"]
    )
    return list(answer.get("Messages", []))

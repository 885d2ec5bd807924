"""Provide the store on the emulated AWS, and a view of its items."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.settings import Settings
from tests.support import REGION, Clock

Items = dict[str, Mapping[str, Any]]


@pytest.fixture
def store(cloud: Settings, clock: Clock) -> DynamoJobStore:
    return DynamoJobStore(cloud, clock, lambda: ["email.send"])


@pytest.fixture
def items(cloud: Settings) -> Callable[[str], Items]:
    """A job's items in the table, by their sort key."""

    def look(job_id: str) -> Items:
        found = aws.client("dynamodb", REGION).query(
            TableName=cloud.jobs_table,
            KeyConditionExpression="pk = :id",
            ExpressionAttributeValues={":id": {"S": job_id}},
        )
        return {item["sk"]["S"]: item for item in found["Items"]}

    return look

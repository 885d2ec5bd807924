"""Provide a stage with its tables in a separate AWS, and a clock that `sleep` advances."""

import json
from dataclasses import replace

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.job_types import jobtype
from chalicelib.settings import Settings
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.stack.cloudformation import Stack
from infra.definition import stateful
from infra.definition.parameters import outputs, parameters
from tests.infra.cloud.restore.losing import STACK, Time


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def shards() -> int:
    """Return the number of partitions of each index; a test with more of them overrides this."""
    return 4


@pytest.fixture
def stack(account: Account, shards: int) -> Stack:
    told = {name: outputs()[name] for name in ("ControlTableName", "JobsTableName", "FilesBucketName")}
    chosen = {name: parameters()[name] for name in ("IndexShards", "IndexShardsRead")}
    template = json.dumps({"Resources": stateful(jobtype.load(), STACK), "Outputs": told, "Parameters": chosen})
    values = [{"ParameterKey": name, "ParameterValue": str(shards)} for name in chosen]
    account.cloudformation.create_stack(StackName=STACK, TemplateBody=template, Parameters=values)
    return Stack(account, STACK)


@pytest.fixture
def settings(account: Account, stack: Stack) -> Settings:
    found = access.settings(account, stack)
    return replace(found, files_bucket=stack.outputs()["FilesBucketName"])


@pytest.fixture
def store(settings: Settings, time: Time) -> DynamoJobStore:
    return DynamoJobStore(settings, time)

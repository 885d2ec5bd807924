"""CloudFormation acts with the service role that it is given, when it makes, changes and deletes a stack."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from infra.cloud.account import Account
from infra.cloud.stack.cloudformation import Stack
from infra.local.emulator.inprocess import emulated

ROLE = "arn:aws:iam::123456789012:role/jobflow-deploy"
TEMPLATE = '{"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}'


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with emulated():
        made = Account(boto3.Session(region_name="us-east-1"), "123456789012", "us-east-1")
        s3 = made.client("s3")
        s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key="t.json", Body=TEMPLATE)
        yield made


def roles_of(account: Account, role: str) -> dict[str, str | None]:
    """Deploy and delete a stack; the role that each request names, by operation."""
    sent: dict[str, str | None] = {}

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        sent[model.name] = params.get("RoleARN")

    account.cloudformation.meta.events.register("before-parameter-build.cloudformation", note)
    stack = Stack(account, "jobflow-roles", sleep=lambda _: None, role=role)
    proposed = stack.propose("https://s3.amazonaws.com/templates/t.json", [], {})
    assert proposed is not None
    stack.execute(proposed, lambda _: None)
    stack.delete(lambda _: None)
    return {name: sent[name] for name in ("CreateChangeSet", "DeleteStack")}


@pytest.mark.parametrize("role", [ROLE, ""])
def test_every_request_that_changes_the_stack_names_the_role(account: Account, role: str) -> None:
    assert roles_of(account, role) == dict.fromkeys(("CreateChangeSet", "DeleteStack"), role or None)

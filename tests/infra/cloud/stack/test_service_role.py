"""CloudFormation acts with the service role that it is given, when it makes, changes and deletes a stack."""

from typing import Any

import pytest

from infra.cloud.account import Account
from infra.cloud.stack.cloudformation import Stack

TEMPLATE = '{"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}'


@pytest.mark.parametrize("role", ["arn:aws:iam::123456789012:role/jobflow-deploy", ""])
def test_every_request_that_changes_the_stack_names_the_role(account: Account, role: str) -> None:
    sent: dict[str, str | None] = {}

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        sent[model.name] = params.get("RoleARN")

    account.client("s3").create_bucket(Bucket="templates")
    account.client("s3").put_object(Bucket="templates", Key="t.json", Body=TEMPLATE)
    account.cloudformation.meta.events.register("before-parameter-build.cloudformation", note)
    stack = Stack(account, "jobflow-roles", sleep=lambda _: None, role=role)
    proposed = stack.propose("https://s3.amazonaws.com/templates/t.json", [], {})
    assert proposed is not None
    stack.execute(proposed, lambda _: None)
    stack.delete(lambda _: None)
    assert [sent[name] for name in ("CreateChangeSet", "DeleteStack")] == [role or None] * 2

"""A role's statements are judged as IAM does."""

from typing import Any

import pytest

from infra.local.roles.asked import Asked
from infra.local.roles.policy import allows

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
GET = Asked("dynamodb:GetItem", TABLE, {"dynamodb:LeadingKeys": ("TOK#1",)})


def allow(action: Any, resource: Any, **condition: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": action,
        "Resource": resource,
        **({"Condition": condition} if condition else {}),
    }


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([allow("dynamodb:GetItem", TABLE)], True),
        ([allow(["dynamodb:Query", "dynamodb:getitem"], [TABLE])], True),
        ([allow("dynamodb:Get*", "arn:aws:dynamodb:*:*:table/ord?rs")], True),
        ([allow("dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/[o]rders")], False),
        ([allow("dynamodb:GetItem", f"{TABLE}/index/*")], False),
        ([allow("dynamodb:PutItem", TABLE)], False),
        ([allow("dynamodb:GetItem", TABLE), {**allow("dynamodb:*", TABLE), "Effect": "Deny"}], False),
        ([allow("dynamodb:GetItem", TABLE), {**allow("dynamodb:*", f"{TABLE}-other"), "Effect": "Deny"}], True),
        ([allow("dynamodb:GetItem", TABLE, **{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["TOK#*"]}})], True),
        ([allow("dynamodb:GetItem", TABLE, **{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["RL#*"]}})], False),
        ([allow("dynamodb:GetItem", TABLE, StringEquals={"dynamodb:LeadingKeys": "TOK#*"})], False),
        ([allow("dynamodb:GetItem", TABLE, Null={"dynamodb:LeadingKeys": "false"})], True),
        ([allow("dynamodb:GetItem", TABLE, Null={"dynamodb:LeadingKeys": "true"})], False),
        ([allow("dynamodb:GetItem", TABLE, StringEquals={"aws:PrincipalTag/team": "x"})], True),
        ([allow("dynamodb:GetItem", TABLE, IpAddress={"aws:SourceIp": "10.0.0.0/8"})], True),
    ],
)
def test_statements(statements: list[dict[str, Any]], allowed: bool) -> None:
    assert allows(statements, GET) is allowed


def test_a_request_whose_resource_is_not_known_is_judged_by_its_action() -> None:
    assert allows([allow("dynamodb:GetRecords", f"{TABLE}/stream/1")], Asked("dynamodb:GetRecords"))
    assert not allows([allow("dynamodb:GetItem", TABLE)], Asked("dynamodb:GetRecords"))

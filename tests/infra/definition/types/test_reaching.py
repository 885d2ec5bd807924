"""Check that a job type's function and role get exactly the settings that it declares."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import Allow, ConfigurationError
from chalicelib.job_types.access import AwsAccess
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from infra.definition.iam.allowed import HERE, wildcards
from infra.definition.lambdas.compute import compute
from infra.definition.lambdas.functions import functions

STACK = "jobflow-prod"
ORDERS = Allow(
    ("dynamodb:GetItem", "dynamodb:Query"),
    [
        "arn:aws:dynamodb:*:*:table/orders",
        f"{HERE}dynamodb:${{AWS::Region}}:*:table/${{aws:PrincipalTag/t}}",
    ],
    {"StringEquals": {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]}},
)
LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:fonts:3"


class Empty(BaseModel):
    """No payload."""


def resources(**more: Any) -> dict[str, Any]:
    """Return the resources of a job type with these settings."""
    kind = JobType("order.copy", lambda _payload, _ctx: None, Empty, **more)
    return compute(functions([kind], STACK))


def role_of(**more: Any) -> dict[str, Any]:
    role: dict[str, Any] = resources(**more)["OrderCopyRole"]["Properties"]
    return role


def added(**more: Any) -> list[dict[str, Any]]:
    """Return the statements that a role has in addition to those of a type without settings."""
    plain, ours = (r["Policies"][0]["PolicyDocument"]["Statement"] for r in (role_of(), role_of(**more)))
    assert ours[: len(plain)] == plain
    return list(ours[len(plain) :])


def test_a_type_without_settings_has_none_of_it() -> None:
    function = resources()["OrderCopyFunction"]["Properties"]
    assert not function.keys() & {"VpcConfig", "Layers", "EphemeralStorage"}
    assert function["Environment"]["Variables"].keys() == {"SIGNING_KEYS"}
    assert "ManagedPolicyArns" not in role_of()


def test_a_raw_statement_is_in_the_role_of_its_type_alone() -> None:
    (statement,) = added(access=AwsAccess(grants=(ORDERS,)))
    assert statement == {
        "Effect": "Allow",
        "Action": ["dynamodb:GetItem", "dynamodb:Query"],
        "Resource": [
            {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:*:*:table/orders"},
            {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:*:table/${!aws:PrincipalTag/t}"},
        ],
        "Condition": {"StringEquals": {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]}},
    }
    others = {name: r for name, r in resources(access=AwsAccess(grants=(ORDERS,))).items() if "Order" not in name}
    assert "orders" not in json.dumps(others)


def test_the_right_to_read_a_secret_follows_from_its_declaration() -> None:
    theirs = "secretsmanager:eu-west-1:1:secret:x-a1b2c3"
    secrets = {"KEY": "{stage}/key", "URL": "ssm:/billing/url", "ARN": f"arn:aws:{theirs}"}
    found = added(access=AwsAccess(secrets=secrets))
    here = "${AWS::Region}:${AWS::AccountId}"
    assert [(statement["Action"], statement["Resource"]) for statement in found] == [
        (["ssm:GetParameter"], [{"Fn::Sub": f"{HERE}ssm:{here}:parameter/billing/url"}]),
        (
            ["secretsmanager:GetSecretValue"],
            [{"Fn::Sub": f"{HERE}{theirs}"}, {"Fn::Sub": f"{HERE}secretsmanager:{here}:secret:prod/key-??????"}],
        ),
    ]


def test_the_function_has_its_environment_layers_and_storage() -> None:
    access = AwsAccess(environment={"BILLING_URL": "https://b.example/${x}"})
    own = Function(layers=(LAYER,), ephemeral_storage=2048)
    function = resources(access=access, function=own)["OrderCopyFunction"]["Properties"]
    assert function["Environment"]["Variables"].items() >= {"BILLING_URL": "https://b.example/${x}"}.items()
    assert (function["Layers"], function["EphemeralStorage"]) == (
        [{"Fn::Sub": LAYER.replace("arn:aws:", HERE)}],
        {"Size": 2048},
    )


def test_a_function_in_a_vpc_gets_subnets_of_the_stage_and_its_code_no_interfaces() -> None:
    made = resources(function=Function(vpc=True))
    assert made["OrderCopyFunction"]["Properties"]["VpcConfig"] == {
        "SubnetIds": {"Ref": "VpcSubnets"}, "SecurityGroupIds": {"Ref": "VpcSecurityGroups"},
    }  # fmt: skip
    role = made["OrderCopyRole"]["Properties"]
    assert "AWSLambdaENIManagementAccess" in json.dumps(role["ManagedPolicyArns"])
    (denied,) = added(function=Function(vpc=True))
    assert denied["Effect"] == "Deny"
    assert "ec2:CreateNetworkInterface" in denied["Action"]
    assert "function:jobflow-prod-order-copy" in json.dumps(denied["Condition"])


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            {"access": AwsAccess(environment={"JOBS_TABLE": "x"})},
            r"order\.copy: environment: JOBS_TABLE is a name that the platform uses",
        ),
        ({"access": AwsAccess(environment={"N": "x" * 2_600})}, "environment has 2,601 bytes; 2,560 are left"),
        (
            {"access": AwsAccess(grants=[Allow("s3:GetObject", f"arn:aws:s3:::b-{n}/{'x' * 80}") for n in range(120)])},
            "role of order-copy has .* IAM takes 10,240",
        ),
    ],
)
def test_what_lambda_or_iam_would_refuse_is_said_before(more: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        resources(**more)


def test_wildcards_are_listed_with_their_reasons() -> None:
    wide = Allow("s3:ListAllMyBuckets", "*", unsafe_wildcard="S3 has no narrower resource")
    access = AwsAccess(grants=(wide, "ses:SendEmail", ORDERS))
    kind = JobType("order.copy", lambda _payload, _ctx: None, Empty, access=access)
    assert wildcards([kind]) == ["order.copy: * (S3 has no narrower resource)"]


def test_grants_share_a_statement_only_with_equal_actions_and_conditions() -> None:
    table, other, third = (f"arn:aws:dynamodb:*:*:table/{name}" for name in ("one", "two", "three"))
    condition = {"StringEquals": {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]}}
    found = added(
        access=AwsAccess(
            grants=[
                Allow("dynamodb:GetItem", table),
                Allow(["dynamodb:GetItem", "dynamodb:PutItem"], other),
                Allow("dynamodb:GetItem", third, conditions=condition),
                Allow("dynamodb:GetItem", [other, table]),
            ]
        )
    )
    here = [{"Fn::Sub": place.replace("arn:aws:", HERE)} for place in (table, other, third)]
    assert [(one["Action"], one["Resource"], one.get("Condition")) for one in found] == [
        (["dynamodb:GetItem"], [here[0], here[1]], None),
        (["dynamodb:GetItem", "dynamodb:PutItem"], [here[1]], None),
        (["dynamodb:GetItem"], [here[2]], condition),
    ]

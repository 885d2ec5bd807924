"""Check that a pull request cannot change another stage of the account with the permissions of its pipeline.

The policies of docs/ are evaluated as IAM does, with boundaries, tags and conditions.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from infra.local.roles.asked import Asked
from scripts.documents import deploy_role
from tests.infra.cloud.rights.judging import allows

VALUES = {"AWS::Partition": "aws", "AWS::AccountId": "123456789012", "Prefix": "jobflow", "Stages": "pull"}
HERE = "eu-central-1:123456789012"
BOUNDARY_ARN = "arn:aws:iam::123456789012:policy/ci-jobflow-preview-Boundary"
STACK_TAG = "aws:ResourceTag/aws:cloudformation:stack-name"
OURS, THEIRS = "jobflow-pull12", "jobflow-prod"
EVERYTHING = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
"""Grants that a pull request may write into a role of its stage, whatever grants JobFlow would refuse."""


def filled(value: Any) -> Any:
    match value:
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([\w:]+)\}", lambda found: VALUES[found[1]], text)
        case {"Ref": "Boundary"}:
            return BOUNDARY_ARN
        case {"Fn::GetAtt": ["ServiceRole", "Arn"]}:
            return "arn:aws:iam::123456789012:role/ci-jobflow-preview-ServiceRole"
        case {"Fn::If": [_, _, otherwise]}:
            return filled(otherwise)
        case dict():
            return {key: filled(inner) for key, inner in value.items()}
        case list():
            return [filled(inner) for inner in value]
    return value


def statements(document: dict[str, Any]) -> Sequence[dict[str, Any]]:
    return [one for one in filled(document["Statement"]) if "Effect" in one]


RESOURCES = deploy_role.template()["Resources"]
BOUNDARY = statements(RESOURCES["Boundary"]["Properties"]["PolicyDocument"])
SERVICE = statements(RESOURCES["ServicePolicy"]["Properties"]["PolicyDocument"])
PIPELINE = statements(RESOURCES["PipelineRole"]["Properties"]["Policies"][0]["PolicyDocument"])


def of_stages(stages: str) -> Sequence[dict[str, Any]]:
    """Return the boundary of the stages whose names begin like this."""
    text = json.dumps(RESOURCES["Boundary"]["Properties"]["PolicyDocument"]).replace("${Stages}", stages)
    return statements(json.loads(text))


def tagged(stack: str) -> dict[str, tuple[str, ...]]:
    return {STACK_TAG: (stack,)}


def of_function(stack: str) -> dict[str, tuple[str, ...]]:
    return {"lambda:FunctionArn": (f"arn:aws:lambda:{HERE}:function:{stack}-email-send",)}


def data_calls(stack: str) -> list[Asked]:
    """Yield the requests that the code of a function could send."""
    table = f"arn:aws:dynamodb:{HERE}:table/{stack}-control"
    return [
        *(Asked(f"dynamodb:{name}", table) for name in (
            "PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan", "DeleteTable", "BatchWriteItem")),
        Asked("dynamodb:Query", f"{table.replace('control', 'jobs')}/index/all"),
        Asked("dynamodb:GetRecords", f"{table.replace('control', 'jobs')}/stream/2027"),
        *(Asked(f"sqs:{name}", f"arn:aws:sqs:{HERE}:{stack}-email-send") for name in (
            "SendMessage", "ReceiveMessage", "PurgeQueue", "DeleteQueue", "SetQueueAttributes")),
        *(Asked(f"logs:{name}", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{stack}-email-send:*") for name in (
            "FilterLogEvents", "PutLogEvents", "DeleteLogGroup", "PutRetentionPolicy")),
        Asked("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/apigateway/{stack}:log-stream:x"),
        *(Asked(f"s3:{name}", f"arn:aws:s3:::{stack}-files-1/results/x") for name in ("GetObject", "PutObject")),
        Asked("s3:ListBucket", f"arn:aws:s3:::{stack}-files-1"),
        Asked("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{stack}-recount"),
        Asked("lambda:UpdateAlias", f"arn:aws:lambda:{HERE}:function:{stack}-api"),
        Asked("lambda:UpdateEventSourceMapping", f"arn:aws:lambda:{HERE}:event-source-mapping:1", of_function(stack)),
        Asked("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{stack}-billing-AbCdEf"),
        Asked("secretsmanager:GetSecretValue",
              f"arn:aws:secretsmanager:{HERE}:secret:{stack.replace('-', '/')}/billing-AbCdEf"),
        *(Asked(f"secretsmanager:{name}", f"arn:aws:secretsmanager:{HERE}:secret:{stack}/webhooks/1f-AbCdEf")
          for name in ("CreateSecret", "DeleteSecret", "GetSecretValue", "PutSecretValue", "TagResource")),
        Asked("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/{stack.replace('-', '/')}/billing"),
    ]  # fmt: skip


NEVER = [
    Asked("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{OURS}-admin-AbCdEf"),
    Asked("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{THEIRS}-admin-AbCdEf"),
    Asked("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:billing-AbCdEf"),
    Asked("secretsmanager:PutSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{OURS}-admin-AbCdEf"),
    Asked("secretsmanager:DeleteSecret", f"arn:aws:secretsmanager:{HERE}:secret:{OURS}-billing-AbCdEf"),
    Asked("iam:CreateRole", "arn:aws:iam::123456789012:role/jobflow-pull12-x"),
    Asked("iam:PassRole", "arn:aws:iam::123456789012:role/jobflow-pull12-api"),
    Asked("sts:AssumeRole", "arn:aws:iam::123456789012:role/jobflow-prod-api"),
    Asked("lambda:UpdateFunctionCode", f"arn:aws:lambda:{HERE}:function:{OURS}-api"),
    Asked("cloudformation:UpdateStack", f"arn:aws:cloudformation:{HERE}:stack/{OURS}/1"),
    Asked("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1"),
    Asked("ec2:DeleteNetworkInterface", "*", {"lambda:SourceFunctionArn": (f"{OURS}-x",)}),
]
"""Requests that no function may send, not even for its own stage."""


def named(case: object) -> str | None:
    return f"{case.action} {case.resource}" if isinstance(case, Asked) else None


@pytest.mark.parametrize(
    ("asked", "may"),
    [
        *((asked, False) for asked in (*data_calls(THEIRS), *NEVER)),
        *((asked, True) for asked in data_calls(OURS)),
    ],
    ids=named,
)
def test_a_function_of_a_preview_reaches_its_own_stage_and_no_other(asked: Asked, may: bool) -> None:
    assert allows(EVERYTHING, asked, strict=True)
    assert allows(EVERYTHING, asked, BOUNDARY, strict=True) is may


def resource_calls(stack: str) -> list[Asked]:
    """Yield the requests that a template of a pull request could make CloudFormation send."""
    api, mapping = "arn:aws:apigateway:eu-central-1::/apis/a1", f"arn:aws:lambda:{HERE}:event-source-mapping:1"
    role, site = f"arn:aws:iam::123456789012:role/{stack}-api", "arn:aws:cloudfront::123456789012:distribution/E1"
    lambdas = {"iam:PassedToService": ("lambda.amazonaws.com",)}
    return [
        *(Asked(f"apigateway:{verb}", f"{api}{rest}", tagged(stack)) for verb in ("PATCH", "DELETE", "PUT", "POST")
          for rest in ("", "/routes", "/stages/$default", "/integrations")),
        *(Asked(f"lambda:{verb}EventSourceMapping", mapping, of_function(stack)) for verb in ("Update", "Delete")),
        Asked("lambda:CreateEventSourceMapping", "*", of_function(stack)),
        *(Asked(f"lambda:{verb}Resource", mapping, tagged(stack)) for verb in ("Tag", "Untag")),
        *(Asked(f"lambda:{verb}", f"arn:aws:lambda:{HERE}:function:{stack}-api") for verb in (
            "UpdateFunctionCode", "AddPermission", "DeleteFunction", "InvokeFunction")),
        *(Asked(f"cloudfront:{verb}", site, tagged(stack)) for verb in (
            "UpdateDistribution", "DeleteDistribution", "CreateInvalidation", "TagResource")),
        Asked("cloudfront:UpdateFunction", f"arn:aws:cloudfront::123456789012:function/{stack}-paths-eu-central-1"),
        Asked("iam:PassRole", role, lambdas),
        *(Asked(f"iam:{verb}", role, {"iam:PermissionsBoundary": (BOUNDARY_ARN,)}) for verb in (
            "CreateRole", "PutRolePolicy", "AttachRolePolicy", "PutRolePermissionsBoundary")),
        *(Asked(f"iam:{verb}", role) for verb in ("DeleteRole", "UpdateAssumeRolePolicy")),
        *(Asked(f"dynamodb:{verb}", f"arn:aws:dynamodb:{HERE}:table/{stack}-jobs") for verb in (
            "DeleteTable", "PutItem", "UpdateTable", "RestoreTableToPointInTime", "PutResourcePolicy")),
        Asked("sqs:SetQueueAttributes", f"arn:aws:sqs:{HERE}:{stack}-email-send"),
        Asked("sns:Publish", f"arn:aws:sns:{HERE}:{stack}-alarms"),
        Asked("events:PutTargets", f"arn:aws:events:{HERE}:rule/{stack}-watchdog"),
        Asked("s3:PutBucketPolicy", f"arn:aws:s3:::{stack}-files-1"),
        Asked("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{stack}-api"),
        Asked("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{HERE}:alarm:{stack}-api-errors"),
        Asked("codedeploy:DeleteApplication", f"arn:aws:codedeploy:{HERE}:application:{stack}-Application"),
        Asked("cloudformation:DeleteStack", f"arn:aws:cloudformation:{HERE}:stack/{stack}/1"),
        Asked("secretsmanager:DeleteSecret", f"arn:aws:secretsmanager:{HERE}:secret:{stack}-admin-AbCdEf"),
    ]  # fmt: skip


LEAVING = [
    Asked("iam:CreateRole", f"arn:aws:iam::123456789012:role/{OURS}-api"),
    Asked("iam:PutRolePolicy", f"arn:aws:iam::123456789012:role/{OURS}-api",
          {"iam:PermissionsBoundary": ("arn:aws:iam::aws:policy/AdministratorAccess",)}),
    Asked("iam:DeleteRolePermissionsBoundary", f"arn:aws:iam::123456789012:role/{OURS}-api"),
    Asked("iam:PassRole", f"arn:aws:iam::123456789012:role/{OURS}-api",
          {"iam:PassedToService": ("ec2.amazonaws.com",)}),
    Asked("iam:CreatePolicyVersion", BOUNDARY_ARN),
    Asked("apigateway:PATCH", "arn:aws:apigateway:eu-central-1::/account"),
    Asked("apigateway:POST", "arn:aws:apigateway:eu-central-1::/usageplans"),
    Asked("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{OURS}-admin-AbCdEf"),
    Asked("kms:PutKeyPolicy", f"arn:aws:kms:{HERE}:key/1"),
]  # fmt: skip
"""Requests that would remove a role's boundary, or change the account."""


@pytest.mark.parametrize(
    ("asked", "may"),
    [
        *((asked, False) for asked in (*resource_calls(THEIRS), *LEAVING)),
        *((asked, True) for asked in resource_calls(OURS)),
    ],
    ids=named,
)
def test_cloudformation_changes_a_stage_of_its_own_and_nothing_else_and_the_pipeline_neither(
    asked: Asked, may: bool
) -> None:
    assert allows(SERVICE, asked, strict=True) is may
    assert may or not allows(PIPELINE, asked, strict=True)

"""What a job type may say of its function's reach, and what a wrong declaration tells."""

from typing import Any

import pytest

from chalicelib import Allow, AwsAccess, ConfigurationError, Function
from chalicelib.job_types.access import SecretPlace
from chalicelib.job_types.changes import Changes

TABLE = "arn:aws:dynamodb:*:*:table/orders"
LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:fonts:3"


@pytest.mark.parametrize(
    ("actions", "resources", "told"),
    [
        ("*", TABLE, r"\* allows everything"),
        ("dynamodb:*", TABLE, r"dynamodb:\* allows everything"),
        ("dynamodb:GetItem", "*", r"\* allows everything"),
        ("s3:GetObject", "arn:aws:s3:::*", r"arn:aws:s3:::\* allows everything; name actions and resources"),
        (["dynamodb:GetItem", "getitem"], TABLE, "'getitem' is no action"),
        ("dynamodb:GetItem", [TABLE, "orders"], "'orders' is no ARN"),
        ([], TABLE, "at least one action"),
        ("dynamodb:GetItem", (), "one resource"),
    ],
)
def test_a_statement_that_is_wrong_or_too_wide_says_so(actions: Any, resources: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Allow(actions, resources)


def test_a_wildcard_with_a_reason_is_taken_and_can_be_listed() -> None:
    allow = Allow(["s3:ListAllMyBuckets", "s3:*"], "*", unsafe_wildcard="S3 lists buckets for everything only")
    assert allow.wildcards == ("s3:*", "*")
    assert Allow("dynamodb:Get*", TABLE).wildcards == ()


@pytest.mark.parametrize(
    ("group", "wrong", "told"),
    [
        (AwsAccess, {"environment": {"A B": "1"}}, r"environment: 'A B' is no name"),
        (AwsAccess, {"environment": {"AWS_REGION": "x"}}, "environment: AWS_REGION is a name that Lambda sets"),
        (AwsAccess, {"environment": {"N": 1}}, "environment: N must be a text"),
        (AwsAccess, {"environment": "N=1"}, r'environment is a mapping, such as \{"NAME": "…"\}'),
        (AwsAccess, {"secrets": {"KEY": "has space"}}, "secrets: 'has space' is no place"),
        (AwsAccess, {"grants": [7]}, "grants: 7 is neither a text .* nor Allow"),
        (AwsAccess, {"grants": "ses:SendEmail"}, r"grants is a list: write \('ses:SendEmail',\)"),
        (Function, {"memory": 127}, "memory must be between 128 and 10240 MB"),
        (Function, {"memory": "512"}, "memory must be a whole number between 128 and 10240 MB"),
        (Function, {"batch_size": 11}, "batch_size must be between 1 and 10"),
        (Function, {"window": 301}, "window must be between 0 and 300 seconds"),
        (Function, {"concurrency": 0}, "concurrency must be between 2 and 1000"),
        (Function, {"concurrency": 1}, "concurrency must be 2 or more: .* give serial_by="),
        (Function, {"layers": ["fonts"]}, "layers is a list of ARNs of layer versions, and 'fonts' is none"),
        (Function, {"layers": LAYER}, "layers is a list of ARNs"),
        (Function, {"layers": [LAYER] * 6}, "layers: Lambda takes 5 at most"),
        (Function, {"ephemeral_storage": 511}, "ephemeral_storage must be between 512 and 10240 MB"),
        (Function, {"vpc": "subnet-1"}, "vpc is True or False"),
        (Changes, {"upgrade": 5}, "upgrade is a function"),
        (Changes, {"retired": "yes"}, "retired is True or False"),
        (Changes, {"smoke": "hello"}, r'smoke is a payload, such as \{"text": "hello"\}'),
    ],
)
def test_what_aws_would_refuse_or_cannot_be_names_the_setting(group: type, wrong: dict[str, Any], told: str) -> None:
    setting = "access" if group is AwsAccess else group.__name__.lower()
    with pytest.raises(ConfigurationError, match=f"^{setting}: {told}"):
        group(**wrong)


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("billing/key", ("secretsmanager", "billing/key")),
        ("{stage}/billing", ("secretsmanager", "prod/billing")),
        ("ssm:/billing/{stage}/url", ("ssm", "/billing/prod/url")),
        (
            "arn:aws:secretsmanager:eu-west-1:1:secret:a-b1c2d3",
            ("secretsmanager", "arn:aws:secretsmanager:eu-west-1:1:secret:a-b1c2d3"),
        ),
        ("arn:aws:ssm:eu-west-1:1:parameter/a", ("ssm", "arn:aws:ssm:eu-west-1:1:parameter/a")),
    ],
)
def test_a_secret_is_in_one_of_two_stores(written: str, place: tuple[str, str]) -> None:
    assert SecretPlace.of(written, "prod") == SecretPlace(*place)

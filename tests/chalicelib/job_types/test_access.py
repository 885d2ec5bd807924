"""What a job type may say of its function's reach, and what a wrong declaration tells."""

from typing import Any

import pytest

from chalicelib import Allow, AwsAccess, ConfigurationError, Function
from chalicelib.job_types.access import SecretPlace

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
    ("wrong", "told"),
    [
        ({"environment": {"A B": "1"}}, r"environment: 'A B' is no name"),
        ({"environment": {"AWS_REGION": "x"}}, "environment: AWS_REGION is a name that Lambda sets"),
        ({"environment": {"N": 1}}, "environment: N must be a text"),
        ({"environment": "N=1"}, r'environment is a mapping, such as \{"NAME": "…"\}'),
        ({"secrets": {"KEY": "has space"}}, "secrets: 'has space' is no place"),
        ({"secrets": {"LAMBDA_KEY": "x"}}, "secrets: LAMBDA_KEY is a name that Lambda sets"),
        ({"grants": [7]}, "grants: 7 is neither a text .* nor Allow"),
        ({"grants": "ses:SendEmail"}, r"grants is a list: write \('ses:SendEmail',\)"),
    ],
)
def test_access_that_iam_or_lambda_would_refuse_names_the_setting(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^access: {told}"):
        AwsAccess(**wrong)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"memory": 127}, "memory must be between 128 and 10240 MB"),
        ({"memory": "512"}, "memory must be a whole number between 128 and 10240 MB"),
        ({"batch_size": 11}, "batch_size must be between 1 and 10"),
        ({"window": 301}, "window must be between 0 and 300 seconds"),
        ({"concurrency": 0}, "concurrency must be between 2 and 1000"),
        ({"concurrency": 1}, "concurrency must be 2 or more: .* give serial_by="),
        ({"layers": ["fonts"]}, "layers is a list of ARNs of layer versions, and 'fonts' is none"),
        ({"layers": LAYER}, "layers is a list of ARNs"),
        ({"layers": [LAYER] * 6}, "layers: Lambda takes 5 at most"),
        ({"ephemeral_storage": 511}, "ephemeral_storage must be between 512 and 10240 MB"),
        ({"vpc": "subnet-1"}, "vpc is True or False"),
    ],
)
def test_a_function_that_lambda_would_refuse_names_the_setting(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^function: {told}"):
        Function(**wrong)


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

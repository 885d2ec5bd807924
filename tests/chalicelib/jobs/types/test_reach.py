"""What a job type may say of its function's reach, and what a wrong declaration tells."""

from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import Allow, ConfigurationError, JobContext, job
from chalicelib.jobs.types.reach import SecretPlace

TABLE = "arn:aws:dynamodb:*:*:table/orders"
LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:fonts:3"


class Note(BaseModel):
    """A payload."""


def _nothing(_: Note, __: JobContext) -> None:
    """Do nothing."""


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
        ({"environment": {"AWS_REGION": "x"}}, "AWS_REGION is a name that Lambda sets"),
        ({"environment": {"N": 1}}, "environment: N must be a text"),
        ({"secrets": {"KEY": "has space"}}, "secrets: 'has space' is no place"),
        ({"secrets": {"LAMBDA_KEY": "x"}}, "LAMBDA_KEY is a name that Lambda sets"),
        ({"layers": ["fonts"]}, "layers: 'fonts' is no ARN"),
        ({"layers": [LAYER] * 6}, "layers: Lambda takes 5 at most"),
        ({"ephemeral_storage": 511}, "ephemeral_storage must be between 512 and 10240 MB"),
        ({"grants": [7]}, r"grants: 7 is neither a text .* nor Allow"),
    ],
)
def test_a_declaration_that_lambda_would_refuse_names_the_setting(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^test\.note: .*{told}"):
        job("test.note", **wrong)(_nothing)


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

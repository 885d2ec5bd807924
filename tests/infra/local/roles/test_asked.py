"""Test which IAM actions a request needs, on which resources, and how a role's statements are evaluated."""

import json
from typing import Any

import pytest

from infra.local.roles.asked import Asked, asked, attributes_of, signer
from tests.infra.cloud.rights.judging import allows

HERE = "us-east-1:123456789012"
TABLES = f"arn:aws:dynamodb:{HERE}:table/"


def of_json(target: str, **params: Any) -> list[tuple[str, str]]:
    found = asked("any", "POST", "/", {"x-amz-target": target}, json.dumps(params).encode())
    return [(one.action, one.resource) for one in found]


def of_s3(method: str, target: str, **headers: str) -> list[tuple[str, str]]:
    return [(one.action, one.resource) for one in asked("s3", method, target, headers, b"")]


@pytest.mark.parametrize(
    ("target", "params", "needed"),
    [
        ("DynamoDB_20120810.GetItem", {"TableName": "orders"}, [("dynamodb:GetItem", f"{TABLES}orders")]),
        ("DynamoDB_20120810.Query", {"TableName": "t", "IndexName": "all"},
         [("dynamodb:Query", f"{TABLES}t/index/all")]),
        ("DynamoDB_20120810.BatchGetItem", {"RequestItems": {"a": {}, "b": {}}},
         [("dynamodb:BatchGetItem", f"{TABLES}{name}") for name in "ab"]),
        ("DynamoDB_20120810.TransactWriteItems",
         {"TransactItems": [{"Put": {"TableName": "a"}}, {"ConditionCheck": {"TableName": "b"}}]},
         [("dynamodb:PutItem", f"{TABLES}a"),
          ("dynamodb:ConditionCheckItem", f"{TABLES}b")]),
        ("DynamoDB_20120810.ListTables", {}, [("dynamodb:ListTables", "")]),
        ("AmazonSQS.SendMessageBatch", {"QueueUrl": "http://x/1/q"}, [("sqs:SendMessage", f"arn:aws:sqs:{HERE}:q")]),
        ("Logs_20140328.FilterLogEvents", {"logGroupName": "/aws/lambda/x"},
         [("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/x:*")]),
        ("secretsmanager.GetSecretValue", {"SecretId": "a/b"},
         [("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:a/b-AbCdEf")]),
        ("AmazonSSM.GetParameter", {"Name": "/a/b"}, [("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/a/b")]),
        ("AmazonSSM.GetParameters", {"Names": ["a", "b"]},
         [("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter/{name}") for name in "ab"]),
        ("Unknown_1.DoThat", {}, []),
    ],
)  # fmt: skip
def test_a_json_request(target: str, params: dict[str, Any], needed: list[tuple[str, str]]) -> None:
    assert of_json(target, **params) == needed


@pytest.mark.parametrize(
    ("method", "target", "needed"),
    [
        ("GET", "/b/a/b%20c", [("s3:GetObject", "arn:aws:s3:::b/a/b c")]),
        ("HEAD", "/b/k", [("s3:GetObject", "arn:aws:s3:::b/k")]),
        ("PUT", "/b/k?partNumber=1&uploadId=u", [("s3:PutObject", "arn:aws:s3:::b/k")]),
        ("POST", "/b/k?uploads", [("s3:PutObject", "arn:aws:s3:::b/k")]),
        ("DELETE", "/b/k", [("s3:DeleteObject", "arn:aws:s3:::b/k")]),
        ("GET", "/b?list-type=2", [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("HEAD", "/b", [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("GET", "/", [("s3:ListAllMyBuckets", "")]),
        ("GET", "/b?policy", []),
        ("PUT", "/b/k?tagging", []),
    ],
)
def test_a_request_to_s3(method: str, target: str, needed: list[tuple[str, str]]) -> None:
    assert of_s3(method, target) == needed


def test_a_copy_reads_its_source() -> None:
    assert of_s3("PUT", "/b/k", **{"x-amz-copy-source": "/other/a%20b?versionId=1"}) == [
        ("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:GetObject", "arn:aws:s3:::other/a b"),
    ]  # fmt: skip


def test_mail_is_from_its_sender() -> None:
    body = json.dumps({"FromEmailAddress": "Jobs <jobs@example.com>"}).encode()
    assert asked("ses", "POST", "/v2/email/outbound-emails", {}, body) == [
        Asked(
            "ses:SendEmail", f"arn:aws:ses:{HERE}:identity/jobs@example.com", {"ses:FromAddress": ("jobs@example.com",)}
        )
    ]


def test_a_row_is_known_by_its_partition_key_and_attributes() -> None:
    body = json.dumps({"TableName": "t", "Key": {"pk": {"S": "TOK#1"}}}).encode()
    (one,) = asked("dynamodb", "POST", "/", {"x-amz-target": "DynamoDB_20120810.GetItem"}, body)
    assert one.facts == {"dynamodb:LeadingKeys": ("TOK#1",), "dynamodb:Attributes": ("pk",)}


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"UpdateExpression": "SET #0 = :a, b.c = if_not_exists(d[1], :e) ADD f :g REMOVE h DELETE i :j",
          "ExpressionAttributeNames": {"#0": "a.b"}}, "a.b b d f h i"),
        ({"UpdateExpression": "set a=:v,#n.#m=:w", "ExpressionAttributeNames": {"#n": "size", "#m": "x"}}, "a size"),
        ({"ConditionExpression": "(a BETWEEN :b AND :c) and not attribute_exists(d) OR size(e) IN (:f)"}, "a d e"),
        ({"Item": {"pk": {}, "a": {}}}, "pk a"),
        ({"Key": {"pk": {}}, "AttributeUpdates": {"a": {}}, "Expected": {"b": {}}}, "pk a b"),
    ],
)  # fmt: skip
def test_the_attributes_of_a_write_are_those_of_all_its_expressions(params: dict[str, Any], named: str) -> None:
    assert attributes_of(params) == tuple(sorted(named.split()))


def test_the_signer_is_read_from_the_signature() -> None:
    signed = "AWS4-HMAC-SHA256 Credential=jobflow-dev-email-send/20261126/us-east-1/s3/aws4_request, SignedHeaders=host"
    assert signer(signed) == ("jobflow-dev-email-send", "s3")
    assert signer("Bearer x") == ("", "")


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

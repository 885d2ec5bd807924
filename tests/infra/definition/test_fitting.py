"""Check that a stack can use an account's own key, boundary, path, ACL and partition."""

import json
from typing import Any

import pytest

from infra.definition.template import merge_template
from tests.infra.cloud.support import decided, of_type
from tests.support import built_in

MINE = {
    "KmsKeyArn": "arn:aws-cn:kms:cn-north-1:1:key/k", "PermissionsBoundary": "arn:aws-cn:iam::1:policy/limit",
    "RolePath": "/jobs/", "WebAclArn": "arn:aws:wafv2:us-east-1:1:global/webacl/x/y",
    "AlarmTopicArn": "arn:aws-cn:sns:cn-north-1:1:ours", "AlarmEmail": "me@example.com", "ApiConcurrency": "100",
}  # fmt: skip


def stack(**given: str) -> dict[str, Any]:
    """Return the template with these parameters; changes of Chalice's own resources have no type."""
    made = decided(merge_template(built_in(), "jobflow-prod"), **given)
    return {**made, "Resources": {name: {"Type": "", **resource} for name, resource in made["Resources"].items()}}


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return stack()


@pytest.fixture(scope="module")
def fitted() -> dict[str, Any]:
    return stack(**MINE)


def test_without_parameters_there_is_nothing_of_it(plain: dict[str, Any]) -> None:
    for role in of_type(plain, "AWS::IAM::Role").values():
        assert "PermissionsBoundary" not in role
        assert "kms:" not in json.dumps(role)
    assert not [table for table in of_type(plain, "AWS::DynamoDB::Table").values() if "SSESpecification" in table]
    assert all(queue["SqsManagedSseEnabled"] for queue in of_type(plain, "AWS::SQS::Queue").values())
    assert not [group for group in of_type(plain, "AWS::Logs::LogGroup").values() if "KmsKeyId" in group]
    (distribution,) = of_type(plain, "AWS::CloudFront::Distribution").values()
    assert "WebACLId" not in distribution["DistributionConfig"]
    assert "ReservedConcurrentExecutions" not in plain["Resources"]["APIHandler"]["Properties"]


def test_every_role_has_the_boundary_the_path_and_the_key(fitted: dict[str, Any]) -> None:
    for name, role in of_type(fitted, "AWS::IAM::Role").items():
        assert (role["PermissionsBoundary"], role["Path"]) == ({"Ref": "PermissionsBoundary"}, {"Ref": "RolePath"}), (
            name
        )
        for policy in role["Policies"]:
            statement = policy["PolicyDocument"]["Statement"][-1]
            assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
            assert statement["Resource"] == {"Ref": "KmsKeyArn"}


def test_all_data_and_logs_are_under_the_key(fitted: dict[str, Any]) -> None:
    key = {"Ref": "KmsKeyArn"}
    for table in of_type(fitted, "AWS::DynamoDB::Table").values():
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    for queue in of_type(fitted, "AWS::SQS::Queue").values():
        assert (queue["KmsMasterKeyId"], queue["SqsManagedSseEnabled"]) == (key, False)
    for group in of_type(fitted, "AWS::Logs::LogGroup").values():
        assert group["KmsKeyId"] == key
    buckets = of_type(fitted, "AWS::S3::Bucket")
    (rule,) = buckets["FilesBucket"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert "aws:kms" not in json.dumps(buckets["SiteBucket"]), "its files are public"


def test_alarms_go_to_the_topic_that_is_there(fitted: dict[str, Any]) -> None:
    assert not {"AlarmTopic", "AlarmTopicPolicy", "AlarmSubscription"} & fitted["Resources"].keys()
    for alarm in of_type(fitted, "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopicArn"}]


def test_the_acl_and_the_reserve_are_there(fitted: dict[str, Any]) -> None:
    (distribution,) = of_type(fitted, "AWS::CloudFront::Distribution").values()
    assert distribution["DistributionConfig"]["WebACLId"] == {"Ref": "WebAclArn"}
    reserved = fitted["Resources"]["APIHandler"]["Properties"]["ReservedConcurrentExecutions"]
    assert reserved == {"Ref": "ApiConcurrency"}

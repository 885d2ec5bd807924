"""Adapt a stack to an account's own rules: a key for data, a boundary and a path for roles. Pure.

The finished resources are changed in one pass, so no other part of the definition depends on these rules.
"""

from collections.abc import Callable
from typing import Any

from infra.definition.names import Resources, ref

NOTHING = ref("AWS::NoValue")
KEY = ref("KmsKeyArn")
DATA_KEYS = ("kms:Decrypt", "kms:GenerateDataKey")
"""KMS actions that DynamoDB, SQS and S3 need for data under a customer's key. These services act with the caller's
permissions."""
SITE = "SiteBucket"
"""The bucket that is not encrypted with the key: its files are public, and CloudFront would need a permission in the
key's policy."""
Properties = dict[str, Any]


def fit(resources: Resources) -> Resources:
    """Return the resources, changed by the account's rules. A rule changes nothing while its parameter is empty."""
    return {name: _fitted(name, resource) for name, resource in resources.items()}


def _fitted(name: str, resource: dict[str, Any]) -> dict[str, Any]:
    rule = RULES.get(resource.get("Type", ""))
    if rule is None or name == SITE:
        return resource
    return {**resource, "Properties": rule(resource["Properties"])}


def _with_key(yes: Any, no: Any = NOTHING) -> dict[str, Any]:
    return {"Fn::If": ["HasKey", yes, no]}


def _role(properties: Properties) -> Properties:
    policies = [_knowing_the_key(policy) for policy in properties.get("Policies", [])]
    return {
        **properties,
        **({"Policies": policies} if policies else {}),
        "Path": ref("RolePath"),
        "PermissionsBoundary": {"Fn::If": ["HasBoundary", ref("PermissionsBoundary"), NOTHING]},
    }


def _knowing_the_key(policy: dict[str, Any]) -> dict[str, Any]:
    document = policy["PolicyDocument"]
    using = {"Effect": "Allow", "Action": list(DATA_KEYS), "Resource": KEY}
    return {**policy, "PolicyDocument": {**document, "Statement": [*document["Statement"], _with_key(using)]}}


def _table(properties: Properties) -> Properties:
    return {
        **properties,
        "SSESpecification": _with_key({"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}),
    }


def _queue(properties: Properties) -> Properties:
    return {**properties, "SqsManagedSseEnabled": _with_key(False, True), "KmsMasterKeyId": _with_key(KEY)}


def _bucket(properties: Properties) -> Properties:
    by_key = {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
        "BucketKeyEnabled": True,
    }
    by_s3 = properties["BucketEncryption"]
    encrypted = _with_key({"ServerSideEncryptionConfiguration": [by_key]}, by_s3)
    return {**properties, "BucketEncryption": encrypted}


def _log_group(properties: Properties) -> Properties:
    return {**properties, "KmsKeyId": _with_key(KEY)}


RULES: dict[str, Callable[[Properties], Properties]] = {
    "AWS::IAM::Role": _role,
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::S3::Bucket": _bucket,
    "AWS::Logs::LogGroup": _log_group,
}
"""The change for each type of resource."""

"""Check that no two names are equal: of stages in one account and region, in two regions, and with another prefix."""

import json
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from infra.definition.template import merge_template
from tests.infra.cloud.large import PSEUDO, written
from tests.infra.cloud.support import decided
from tests.support import built_in

REGIONAL = {
    "AWS::CloudWatch::Alarm": "AlarmName", "AWS::DynamoDB::Table": "TableName", "AWS::Events::Rule": "Name",
    "AWS::Logs::LogGroup": "LogGroupName", "AWS::Logs::QueryDefinition": "Name",
    "AWS::SNS::Topic": "TopicName", "AWS::SQS::Queue": "QueueName", "AWS::Serverless::Function": "FunctionName",
}  # fmt: skip
GLOBAL = {
    "AWS::CloudFront::Function": "Name", "AWS::CloudWatch::Dashboard": "DashboardName", "AWS::S3::Bucket": "BucketName",
    "AWS::IAM::Role": "RoleName",
}  # fmt: skip
INSIDE = {
    "AWS::CloudFront::OriginAccessControl": "OriginAccessControlConfig",
    "AWS::CloudFront::ResponseHeadersPolicy": "ResponseHeadersPolicyConfig",
}
"""Also global; the name is in a part of the properties."""
STACKS = ("jobflow-prod", "jobflow-production", "jobflow-pro", "acme-prod", "jobflow-a")


def names(stack: str, region: str, monkeypatch: pytest.MonkeyPatch, *, everywhere: bool = False) -> set[str]:
    """Return the physical names of a stack, each with its kind; `everywhere`: only those that all regions share."""
    monkeypatch.setitem(PSEUDO, "AWS::Region", region)
    monkeypatch.setitem(PSEUDO, "AWS::StackName", stack)
    return set(_names(decided(merge_template(built_in(), stack), AccessLogs="true"), everywhere=everywhere))


def _names(template: dict[str, Any], *, everywhere: bool) -> Iterator[str]:
    for resource in template["Resources"].values():
        kind, properties = resource.get("Type", ""), resource.get("Properties", {})
        if kind in INSIDE:
            yield f"{kind} {written(properties[INSIDE[kind]]['Name'], template)}"
        key = GLOBAL.get(kind) or (None if everywhere else REGIONAL.get(kind))
        if key and key in properties:
            yield f"{kind} {written(properties[key], template)}"


def test_stages_and_prefixes_share_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {stack: names(stack, "eu-central-1", monkeypatch) for stack in STACKS}
    assert min(map(len, found.values())) > 40
    for one, other in combinations(STACKS, 2):
        assert found[one] & found[other] == set()


def test_two_regions_share_no_name_that_is_global(monkeypatch: pytest.MonkeyPatch) -> None:
    europe, america = (
        names("jobflow-prod", region, monkeypatch, everywhere=True) for region in ("eu-central-1", "us-east-1")
    )
    assert len(europe) >= 5
    assert europe & america == set()


def test_a_role_of_one_stack_reaches_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for stack, other in (("jobflow-pro", "jobflow-prod"), ("jobflow-prod", "acme-prod"), ("jobflow-prod", "jobflow-a")):
        text = json.dumps(merge_template(built_in(), stack)["Resources"])
        assert f"{other}-" not in text

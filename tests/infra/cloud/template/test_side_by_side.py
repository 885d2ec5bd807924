"""Stages beside each other: in one account and region, in two regions, and with another prefix, no two names meet."""

import json
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from infra.cloud.commands.deploy import tags_of
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
"""Global too; the name is in a part of the properties."""
CHALICES = ("RestAPI", "APIHandler", "Authorize")
"""Have a name from here and a type from Chalice: of a region."""
STACKS = ("jobflow-prod", "jobflow-production", "jobflow-pro", "acme-prod", "jobflow-a")


def names(stack: str, region: str, monkeypatch: pytest.MonkeyPatch, *, everywhere: bool = False) -> set[str]:
    """Return the physical names of a stack, each with its kind; `everywhere`: only those that regions share."""
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


def test_every_kind_with_a_name_of_ours_is_looked_at() -> None:
    """A new kind of resource whose name we choose must be said to be regional or global."""
    template = merge_template(built_in(), "jobflow-prod")
    known = {*REGIONAL, *GLOBAL, *INSIDE}
    for name, resource in template["Resources"].items():
        named = [key for key in resource.get("Properties", {}) if key.endswith("Name") and key != "PolicyName"]
        if named and "jobflow-prod" in json.dumps([resource["Properties"][key] for key in named]):
            assert resource.get("Type", "") in known or name in CHALICES, name


def test_a_role_of_one_stack_reaches_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for stack, other in (("jobflow-pro", "jobflow-prod"), ("jobflow-prod", "acme-prod"), ("jobflow-prod", "jobflow-a")):
        text = json.dumps(merge_template(built_in(), stack)["Resources"])
        assert f"{other}-" not in text


def test_destroy_looks_for_the_tags_of_its_own_prefix() -> None:
    assert tags_of("acme-prod") == {"project": "acme", "stage": "prod"}
    assert tags_of("jobflow-prod") == {"project": "jobflow", "stage": "prod"}

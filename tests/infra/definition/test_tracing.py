"""Test what a stage has that exports spans, and that any other stage has nothing of it."""

import json
import re
from typing import Any

import pytest

from chalicelib.traces.collector import collector
from infra.definition.lambdas import tracing
from infra.definition.names import EXPORTS_SPANS
from infra.definition.parameters import parameters
from infra.definition.template import merge_template
from tests.infra.cloud.support import decided
from tests.support import built_in

STACK = "jobflow-prod"
SET = {
    "OtlpEndpoint": "https://collector.example.com/v1/traces",
    "OtlpSecret": "jobflow/otlp",
    "TraceUrl": "https://traces.example.com/{trace_id}",
}


def stage(**given: str) -> dict[str, Any]:
    return decided(merge_template(built_in(), STACK), **given)


def variables(stack: dict[str, Any], name: str) -> set[str]:
    found = stack["Resources"][name]["Properties"].get("Environment", {}).get("Variables", {})
    return set(found) & tracing.ONLY


def filters(stack: dict[str, Any]) -> list[str]:
    source = stack["Resources"]["FollowupFunction"]["Properties"]["Events"]["Source"]["Properties"]
    return [one["Pattern"] for one in source["FilterCriteria"]["Filters"]]


def test_a_stage_without_the_parameters_has_nothing_of_it() -> None:
    plain = stage()
    text = json.dumps(plain["Resources"])
    assert not any(name in text for name in (*SET, *tracing.ONLY, "SpansDropped"))
    assert tracing.EVERY_CHANGE not in filters(plain)
    assert "dynamodb:Query" not in json.dumps(plain["Resources"]["FollowupRole"])


def test_a_stage_with_them_gives_each_function_only_what_it_needs() -> None:
    made = stage(**SET)
    assert variables(made, "FollowupFunction") == {"OTLP_ENDPOINT", "OTLP_SECRET"}
    assert variables(made, "APIHandler") == {"TRACED", "TRACE_URL"}
    assert variables(made, "WatchdogFunction") == {"TRACED"}
    assert variables(made, "EmailSendFunction") == set()
    assert tracing.EVERY_CHANGE in filters(made)
    assert len(filters(made)) <= 5, "Lambda takes no more"
    assert made["Resources"]["SpansDroppedAlarm"]["Condition"] == EXPORTS_SPANS


@pytest.mark.parametrize(
    "url", ["https://c.example.com", "https://c.example.com:65535/v1/traces?a=b", "https://10.0.0.7:4318/v1/traces", ""]
)
def test_what_a_deployment_allows_can_be_posted_to(url: str) -> None:
    pattern = parameters()["OtlpEndpoint"]["AllowedPattern"]
    assert re.fullmatch(pattern, url)
    if url:
        collector(url)


def test_only_the_function_that_exports_spans_reads_the_one_secret() -> None:
    made = stage(**SET)["Resources"]
    roles = {name: one["Properties"] for name, one in made.items() if one.get("Type") == "AWS::IAM::Role"}
    reading = [
        (name, one["Resource"])
        for name, role in roles.items()
        for policy in role["Policies"]
        for one in policy["PolicyDocument"]["Statement"]
        if "OtlpSecret" in json.dumps(one)
    ]
    arn = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${OtlpSecret}-??????"
    assert reading == [("FollowupRole", {"Fn::Sub": arn})]


def test_without_a_secret_no_role_may_read_one_for_it() -> None:
    made = stage(OtlpEndpoint=SET["OtlpEndpoint"])
    assert "OtlpSecret" not in json.dumps(made["Resources"])

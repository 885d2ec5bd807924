"""Test the service limits that apply to a stack of many job types, with names of maximum length."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import LONGEST_NAME, LONGEST_QUEUE_NAME
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from infra.definition.lambdas.reaching import LARGEST_ENVIRONMENT, PLATFORM_NEEDS
from infra.definition.lambdas.signing import MOST_ENDS, MOST_KEYS
from infra.definition.monitoring.overview import FREE_METRICS
from infra.definition.template import MOST_RESOURCES, merge_template, resources
from tests.infra.cloud.large import ACCESS, STACK, transformed, types, written
from tests.infra.cloud.support import decided, of_type

MOST = 60
ALARM = "AWS::CloudWatch::Alarm"
ALL_ON = {
    "AccessLogs": "true", "AlarmEmail": "a@example.com", "MailConfigurationSet": "x",
    "KmsKeyArn": "x", "PermissionsBoundary": "x", "RolePath": "/x/", "WebAclArn": "x", "ApiConcurrency": "100",
    "SiteDomain": "x", "ApiDomain": "x", "Protect": "true",
    "OtlpEndpoint": "x", "OtlpSecret": "x", "TraceUrl": "x" * 256,
}  # fmt: skip
LONGEST = {
    ("AWS::Lambda::Function", "FunctionName"): 64,
    ("AWS::SQS::Queue", "QueueName"): 80,
    ("AWS::S3::Bucket", "BucketName"): 63,
    ("AWS::DynamoDB::Table", "TableName"): 255,
    ("AWS::Logs::LogGroup", "LogGroupName"): 512,
    ("AWS::CloudWatch::Alarm", "AlarmName"): 255,
    ("AWS::CloudWatch::Alarm", "AlarmDescription"): 1024,
    ("AWS::CloudWatch::Dashboard", "DashboardName"): 255,
    ("AWS::SNS::Topic", "TopicName"): 256,
    ("AWS::Logs::QueryDefinition", "QueryString"): 10_000,
}


@pytest.fixture(
    scope="module",
    params=[(3, False, 0), (MOST, False, 0), (MOST, True, 0), (300, True, 10)],
    ids=["few", "most", "most, reaching", "300 in 10 queues"],
)
def large(request: pytest.FixtureRequest, sam: dict[str, Any]) -> dict[str, Any]:
    number, reach, queues = request.param
    return transformed(sam, number, reach=reach, queues=queues, **ALL_ON)


def test_resources_parameters_and_outputs(large: dict[str, Any]) -> None:
    assert len(large["Resources"]) <= MOST_RESOURCES == 500
    assert len(large["Parameters"]) <= 200
    assert len(large["Outputs"]) <= 200
    assert max(map(len, large["Resources"])) <= 255


def test_a_roles_inline_policies(large: dict[str, Any]) -> None:
    for name, role in of_type(large, "AWS::IAM::Role").items():
        text = json.dumps(written(role.get("Policies", []), large))
        assert len(re.sub(r"\s", "", text)) <= 10_240, name


def making_all(*, reach: bool = False) -> list[JobType[Any, Any]]:
    """Return the types of the largest stack; the first one makes jobs of all others."""
    first, *others = types(MOST, reach=reach)
    return [replace(first, enqueues=tuple(kind.name for kind in (first, *others))), *others]


def test_the_role_of_a_type_that_makes_jobs_of_every_type() -> None:
    made = decided(merge_template(making_all(), STACK), **ALL_ON)
    role = made["Resources"][f"T00X{'x' * (LONGEST_NAME - 5)}Role"]
    assert len(re.sub(r"\s", "", json.dumps(written(role["Properties"]["Policies"], made)))) <= 10_240


def test_a_role_that_iam_would_refuse_once_its_references_are_filled_in_is_refused_by_packaging() -> None:
    with pytest.raises(ConfigurationError, match=r"role of t00-x+ has 1\d,\d+ characters .* IAM takes 10,240"):
        resources(making_all(reach=True), STACK)


def test_policies_of_queues_and_buckets(large: dict[str, Any]) -> None:
    for kind, most in {"AWS::SQS::QueuePolicy": 8_192, "AWS::S3::BucketPolicy": 20_480}.items():
        for policy in of_type(large, kind).values():
            assert len(json.dumps(written(policy["PolicyDocument"], large))) <= most


def test_a_functions_environment(large: dict[str, Any]) -> None:
    workers = {f"T{place:02}X{'x' * (LONGEST_NAME - 5)}Function" for place in range(MOST)}
    workers |= {f"QueueQ{place:02}{'x' * (LONGEST_QUEUE_NAME - 3)}Function" for place in range(10)}
    for name, function in of_type(large, "AWS::Lambda::Function").items():
        variables = written(function["Environment"]["Variables"], large)
        own = {key: value for key, value in variables.items() if key in ACCESS.environment}
        assert sum(len(key) + len(value) for key, value in variables.items()) <= LARGEST_ENVIRONMENT, name
        platform = variables.items() - own.items()
        assert name not in workers or sum(len(key) + len(value) for key, value in platform) <= PLATFORM_NEEDS, name
    assert workers & large["Resources"].keys()


def test_the_environment_of_a_worker_with_every_key_that_it_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = types(MOST_KEYS + MOST_ENDS)
    made = [replace(kind, on_end=f"ended.n{place % MOST_ENDS}") for place, kind in enumerate(others[: MOST_KEYS - 1])]
    for kind in made:
        monkeypatch.setitem(jobtype.registered, kind.name, kind)
    first = replace(first, enqueues=tuple(kind.name for kind in made))
    template = decided(merge_template([first, *made], STACK), **ALL_ON)
    function = template["Resources"][f"T00X{'x' * (LONGEST_NAME - 5)}Function"]["Properties"]
    variables = written(function["Environment"]["Variables"], template)
    assert len(variables["SIGNING_KEYS"].split(";")) == MOST_KEYS + MOST_ENDS
    shared = written(template["Globals"]["Function"]["Environment"]["Variables"], template)
    assert sum(len(key) + len(value) for key, value in (shared | variables).items()) <= PLATFORM_NEEDS


def test_names_fit_and_differ(large: dict[str, Any]) -> None:
    for (kind, name), longest in LONGEST.items():
        found = [written(properties[name], large) for properties in of_type(large, kind).values()]
        assert max(map(len, found)) <= longest, kind
        assert not name.endswith("Name") or len(set(found)) == len(found), kind


def test_a_dashboard_is_free_however_many_types_there_are(large: dict[str, Any]) -> None:
    (properties,) = of_type(large, "AWS::CloudWatch::Dashboard").values()
    graphs = [widget["properties"] for widget in json.loads(written(properties["DashboardBody"], large))["widgets"]]
    assert 0 < sum(len(graph["metrics"]) for graph in graphs) <= FREE_METRICS


def test_saved_queries_name_no_more_groups_than_can_be_searched(large: dict[str, Any]) -> None:
    for query in of_type(large, "AWS::Logs::QueryDefinition").values():
        assert len(query.get("LogGroupNames", [])) <= 50


def test_types_cost_no_alarm_unless_they_ask_for_it(large: dict[str, Any]) -> None:
    alarms = len(of_type(large, "AWS::CloudWatch::Alarm"))
    assert alarms < 30
    own = [replace(kind, function=Function(own_alarms=True)) for kind in types(3)]
    asked = [one for one in merge_template(own, STACK)["Resources"].values() if one.get("Type") == ALARM]
    assert (
        len(asked) == len([r for r in merge_template([], STACK)["Resources"].values() if r.get("Type") == ALARM]) + 15
    )


def test_more_types_than_fit_are_refused_with_a_sentence() -> None:
    with pytest.raises(ConfigurationError, match=r"CloudFormation takes 500 .* several stages"):
        resources(types(90), STACK)

"""Check that the REST API of an earlier version stays until the deployer drops it."""

import json
from typing import Any

import pytest
from botocore.stub import Stubber

from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.stack import artifacts, history
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.stack.rest_api import UNKNOWN, RestApi, beside, sentences

OLD = RestApi("rest1", {"RestAPI": {"Type": "AWS::Serverless::Api"}}, {"MethodSettings": []})
NEW: dict[str, Any] = {"Resources": {"HttpApi": {"Type": "AWS::ApiGatewayV2::Api"}}, "Globals": {"Function": {}}}


def looked_up(account: Account, monkeypatch: pytest.MonkeyPatch, *answers: dict[str, str] | str) -> str:
    """Return the mapping of a domain that API Gateway describes like this; a text is an error's code."""
    client = account.client("apigatewayv2")
    monkeypatch.setattr(Account, "client", lambda _account, _service: client)
    with Stubber(client) as stubber:
        if len(answers) == 1 and isinstance(answers[0], str):
            stubber.add_client_error("get_api_mappings", answers[0])
        else:
            stubber.add_response(
                "get_api_mappings", {"Items": list(answers)}, {"DomainName": "api.example.com", "MaxResults": "500"}
            )
        return OLD.mapping(account, "api.example.com")


def mapped(api: str) -> dict[str, str]:
    return {"ApiId": api, "ApiMappingId": f"to-{api}", "Stage": "api"}


@pytest.mark.parametrize(
    ("answers", "mapping"),
    [
        ([mapped("other"), mapped("rest1")], "to-rest1"), ([mapped("http1")], ""), ([], ""),
        (["NotFoundException"], ""), (["AccessDeniedException"], UNKNOWN), (["BadRequestException"], UNKNOWN),
    ],
)  # fmt: skip
def test_a_domain_that_points_to_it_is_found_and_nobody_who_may_not_look_deletes_it(
    account: Account, monkeypatch: pytest.MonkeyPatch, answers: list[Any], mapping: str
) -> None:
    assert looked_up(account, monkeypatch, *answers) == mapping


def test_without_a_domain_or_a_rest_api_nobody_is_asked(account: Account) -> None:
    assert OLD.mapping(account, "") == RestApi().mapping(account, "api.example.com") == ""


def test_it_stays_beside_the_http_api_with_its_limits() -> None:
    both = beside(json.loads(json.dumps(NEW)), OLD)
    assert set(both["Resources"]) == {"RestAPI", "HttpApi"}
    assert both["Globals"] == {"Function": {}, "Api": {"MethodSettings": []}}
    assert beside(NEW, RestApi()) == NEW


@pytest.mark.parametrize("mapping", ["", "m1", UNKNOWN])
def test_it_stays_until_the_deployer_drops_it(mapping: str) -> None:
    assert OLD.stays(mapping, drop=False)
    assert not RestApi().stays(mapping, drop=False), "there is none"


def test_it_is_not_dropped_while_a_domain_points_to_it() -> None:
    assert not OLD.stays("", drop=True)
    assert not OLD.stays(UNKNOWN, drop=True)
    with pytest.raises(CloudError, match="rest1"):
        OLD.stays("m1", drop=True)


def test_one_that_nobody_can_describe_stops_the_deployment_unless_it_is_dropped() -> None:
    assert not RestApi("rest1").stays("", drop=True)
    with pytest.raises(CloudError, match="DROP_REST_API=1"):
        RestApi("rest1").stays("", drop=False)


@pytest.mark.parametrize("role", ["true", "false"])
def test_the_role_for_access_logs_stays_where_the_stage_has_made_it(account: Account, role: str) -> None:
    stack, part = Stack(account, "jobflow-prod"), {"Type": "AWS::IAM::Role", "Condition": "MakesLogRole"}
    resources = {"RestAPI": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "x"}}}
    account.cloudformation.create_stack(
        StackName=stack.name,
        TemplateBody=json.dumps({"Parameters": {"AccessLogsRole": {"Type": "String"}}, "Resources": resources}),
        Parameters=[{"ParameterKey": "AccessLogsRole", "ParameterValue": role}],
    )
    account.client("s3").create_bucket(Bucket=artifacts.name(account, stack.name))
    template = {"Resources": {**resources, "GatewayLogsRole": part, "GatewayAccount": part}}
    history.write(
        account, stack.name, [history.Deployed(artifacts.put_template(account, stack.name, template), {}, "")]
    )
    kept = set(RestApi.of(account, stack).resources)
    assert kept == {"RestAPI", *(("GatewayLogsRole", "GatewayAccount") if role == "true" else ())}
    found = RestApi.of(account, stack)
    assert all("Condition" not in one for one in found.resources.values())
    again = artifacts.put_template(account, stack.name, {"Resources": {**NEW["Resources"], **found.resources}})
    history.write(account, stack.name, [history.Deployed(again, {}, "")])
    assert RestApi.of(account, stack) == found, "the second deployment keeps what the first one has kept"


def test_it_is_read_from_the_last_deployment_and_needs_no_alias(account: Account) -> None:
    stack = Stack(account, "jobflow-prod")
    api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "x"}}
    account.cloudformation.create_stack(StackName=stack.name, TemplateBody=json.dumps({"Resources": {"RestAPI": api}}))
    account.client("s3").create_bucket(Bucket=artifacts.name(account, stack.name))
    assert RestApi.of(account, stack).resources == {}
    aliased = {
        "RestAPI": {"Properties": {"Uri": {"Fn::Sub": "x/${APIHandlerAliaslive}/invocations"}}},
        "APIHandlerInvokePermission": {"Properties": {"FunctionName": {"Ref": "APIHandlerAliaslive"}}},
        "Authorize": {"Properties": {"AutoPublishAlias": "live", "DeploymentPreference": {}}},
        "JobsTable": {"Properties": {}},
    }
    url = artifacts.put_template(
        account, stack.name, {"Resources": aliased, "Globals": {"Api": {"MethodSettings": []}}}
    )
    history.write(account, stack.name, [history.Deployed(url, {}, "")])
    found = RestApi.of(account, stack)
    assert found.id
    assert found.settings == {"MethodSettings": []}
    assert found.resources == {
        "RestAPI": {"Properties": {"Uri": {"Fn::Sub": "x/${APIHandler.Arn}/invocations"}}},
        "APIHandlerInvokePermission": {"Properties": {"FunctionName": {"Ref": "APIHandler"}}},
        "Authorize": {"Properties": {"AutoPublishAlias": "live"}},
    }
    shifting = RestApi.of(account, stack, shifts=True).resources
    assert shifting["RestAPI"] == aliased["RestAPI"], "CodeDeploy goes on to move its requests"


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ("", []),
        ("m1", ["--api-mapping-id m1"]),
        (UNKNOWN, ["get-api-mappings --domain-name api.example.com", "regional"]),
    ],
)
def test_the_deployer_hears_what_to_change_until_it_goes(mapping: str, told: list[str]) -> None:
    outputs = {"ApiId": "http1", "EndpointURL": "https://http1.example"}
    address, *more = sentences(OLD, outputs, "api.example.com", mapping)
    assert "https://http1.example" in address
    assert "rest1" in address
    assert len(more) == bool(told)
    assert all(part in " ".join(more) for part in told)
    assert not more or "--api-id http1 --stage '$default'" in more[0]

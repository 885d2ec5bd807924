"""Test what is in front of the API's function: one throttled stage, one route, a log of every request."""

import json
from typing import Any

from infra.definition.throttles import BURST, RATE
from tests.infra.cloud.support import decided, of_type


def test_one_http_api_sends_everything_to_one_function_in_format_two(template: dict[str, Any]) -> None:
    (route,) = of_type(template, "AWS::ApiGatewayV2::Route").values()
    ((name, integration),) = of_type(template, "AWS::ApiGatewayV2::Integration").items()
    assert (route["RouteKey"], route["Target"]) == ("$default", {"Fn::Sub": f"integrations/${{{name}}}"})
    assert integration["IntegrationUri"] == {"Fn::GetAtt": ["APIHandler", "Arn"]}
    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")
    assert not [kind for kind in map(type_of, template["Resources"].values()) if kind.startswith("AWS::ApiGateway::")]
    function = of_type(template, "AWS::Lambda::Function")["APIHandler"]
    assert function["Handler"] == "app.handler"
    assert 1000 * function["Timeout"] < integration["TimeoutInMillis"], "the function ends before API Gateway gives up"


def test_only_this_api_may_call_the_function(template: dict[str, Any]) -> None:
    called = {
        name: permission
        for name, permission in of_type(template, "AWS::Lambda::Permission").items()
        if permission["Principal"] == "apigateway.amazonaws.com"
    }
    assert list(called) == ["HttpApiPermission"]
    assert called["HttpApiPermission"]["SourceArn"]["Fn::Sub"].endswith(":${HttpApi}/*")


def test_one_stage_and_its_throttle_is_a_parameter(template: dict[str, Any]) -> None:
    (stage,) = of_type(template, "AWS::ApiGatewayV2::Stage").values()
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    settings = stage["DefaultRouteSettings"]
    assert settings == {"ThrottlingRateLimit": {"Ref": "ApiRate"}, "ThrottlingBurstLimit": {"Ref": "ApiBurst"}}
    defaults = (template["Parameters"][name]["Default"] for name in ("ApiRate", "ApiBurst"))
    assert tuple(defaults) == (RATE, BURST)


def test_every_request_is_logged_unless_somebody_says_no_and_no_token_is(template: dict[str, Any]) -> None:
    logged = decided(template)
    (stage,) = of_type(logged, "AWS::ApiGatewayV2::Stage").values()
    setting = stage["AccessLogSettings"]
    assert setting["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogs", "Arn"]}
    assert {"request_id", "ip", "method", "path", "status"} <= json.loads(setting["Format"]).keys()
    assert "authorization" not in setting["Format"].lower()
    assert logged["Resources"]["ApiAccessLogs"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    silent = decided(template, AccessLogs="false")
    (stage,) = of_type(silent, "AWS::ApiGatewayV2::Stage").values()
    assert "AccessLogSettings" not in stage
    assert "ApiAccessLogs" not in silent["Resources"]


def type_of(resource: dict[str, Any]) -> str:
    return str(resource["Type"])

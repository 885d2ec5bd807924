"""Test what is in front of the API: one throttled stage, a check of the token's form, and a log of every request."""

import json
import re
from typing import Any

import pytest

from chalicelib.access.tokens import MemoryTokenStore, Role, Tokens
from chalicelib.api.http.auth import bearer
from chalicelib.api.http.serving import ALWAYS
from infra.cloud.package.build import Package
from infra.definition.template import PLACEHOLDER_ORIGIN
from infra.definition.throttles import BURST, RATE
from infra.definition.web.site import quoted_origin
from tests.infra.cloud.support import decided, of_type, waiting_for


def test_one_stage_and_it_is_throttled(template: dict[str, Any]) -> None:
    (stage,) = of_type(template, "AWS::ApiGateway::Stage").values()
    (deployment,) = of_type(template, "AWS::ApiGateway::Deployment").values()
    assert "StageName" not in deployment
    (setting,) = stage["MethodSettings"]
    assert (setting["ResourcePath"], setting["HttpMethod"]) == ("/*", "*")
    assert (setting["ThrottlingRateLimit"], setting["ThrottlingBurstLimit"]) == (RATE, BURST)


@pytest.fixture(scope="module")
def body(template: dict[str, Any]) -> dict[str, Any]:
    """Return the API's description."""
    found: dict[str, Any] = of_type(template, "AWS::ApiGateway::RestApi")["RestAPI"]["Body"]
    return found


def test_answers_of_more_than_a_packet_are_compressed(body: dict[str, Any]) -> None:
    assert 0 < body["x-amazon-apigateway-minimum-compression-size"] <= 1500


def test_headers_that_hold_a_token_reach_the_authorizer_and_no_others(body: dict[str, Any]) -> None:
    authorizer = body["securityDefinitions"]["authorize"]["x-amazon-apigateway-authorizer"]
    expression = authorizer["identityValidationExpression"]
    text, _ = Tokens(MemoryTokenStore()).issue(Role.VIEWER, "a test")
    for header in (f"Bearer {text}", f"bearer {text}", f"  BEARER   {text} "):
        assert bearer(header) == text
        assert re.fullmatch(expression, header)
    for header in ("", "x", "Bearer", "Bearer x", "Basic dXNlcjpwYXNz", *(f"Bearer jf_{n * 'x'}" for n in (42, 44))):
        assert not re.fullmatch(expression, header)


def test_every_request_can_be_logged_and_no_token_is(template: dict[str, Any]) -> None:
    logged = decided(template, AccessLogs="true", AccessLogsRole="true")
    (stage,) = of_type(logged, "AWS::ApiGateway::Stage").values()
    setting = stage["AccessLogSetting"]
    assert setting["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogs", "Arn"]}
    fields = json.loads(setting["Format"])
    assert {"request_id", "ip", "principal", "method", "path", "status"} <= fields.keys()
    assert "authorization" not in setting["Format"].lower()
    assert "RestAPIapiStage" in waiting_for(logged, "GatewayAccount")
    assert logged["Resources"]["ApiAccessLogs"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_without_the_accounts_role_there_are_no_logs_to_fail_at(template: dict[str, Any]) -> None:
    plain = decided(template)
    (stage,) = of_type(plain, "AWS::ApiGateway::Stage").values()
    assert "AccessLogSetting" not in stage
    assert not {"ApiAccessLogs", "GatewayLogsRole", "GatewayAccount"} & plain["Resources"].keys()


def test_preflight_names_the_dashboard_and_nobody_else(package: Package, body: dict[str, Any]) -> None:
    paths = body["paths"]
    assert PLACEHOLDER_ORIGIN not in package.template.read_text()
    for path, methods in paths.items():
        response = methods["options"]["x-amazon-apigateway-integration"]["responses"]["default"]
        headers = response["responseParameters"]
        assert headers["method.response.header.Access-Control-Allow-Origin"] == quoted_origin(), path
        allowed = headers["method.response.header.Access-Control-Allow-Headers"]
        for name in ("Authorization", "Content-Type", "Idempotency-Key", "X-Correlation-Id"):
            assert name in allowed


def test_every_call_but_the_public_ones_passes_the_authorizer(body: dict[str, Any]) -> None:
    paths = body["paths"]
    public = {
        path
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method not in ("options", "parameters") and not operation.get("security")
    }
    assert public == {"/health", "/docs"}


def test_gateway_errors_are_problems_that_browsers_may_read(body: dict[str, Any]) -> None:
    responses = body["x-amazon-apigateway-gateway-responses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN", "THROTTLED", "UNAUTHORIZED"} <= set(responses)
    assert responses["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    for response in responses.values():
        parameters = response["responseParameters"]
        assert parameters["gatewayresponse.header.Access-Control-Allow-Origin"] == quoted_origin()
        assert parameters["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        for name, value in ALWAYS.items():
            assert parameters[f"gatewayresponse.header.{name}"] == f"'{value}'"
        problem = json.loads(response["responseTemplates"]["application/json"])
        assert problem["title"]
        assert problem["detail"].endswith(".")
        # API Gateway reads these texts as Velocity templates
        assert not {"$", "#"} & set(problem["title"] + problem["detail"])

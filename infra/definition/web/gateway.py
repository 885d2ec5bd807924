"""Define the HTTP API in front of the API's function: one integration for every request, and one throttled stage."""

from collections.abc import Sequence
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from infra.definition.iam import grants
from infra.definition.iam.permissions import role
from infra.definition.lambdas import signing, tracing
from infra.definition.lambdas.compute import log_group, log_group_id, logging
from infra.definition.lambdas.environment import event_sources
from infra.definition.names import API, Resources, Value, arn, arn_of, ref, sub
from infra.definition.web import sign_in
from infra.definition.web.access_log import access_log_setting
from infra.definition.web.site import origin

HANDLER = "APIHandler"
"""Chalice's logical id of the API's function."""
INTEGRATION, PERMISSION = "HttpApiIntegration", "HttpApiPermission"
OF_CHALICE = ("RestAPI", "APIHandlerInvokePermission")
"""Chalice's resources of a REST API, which the stack does not have."""
EVERYTHING = "$default"
"""The name of the stage whose paths have no prefix, and the key of the route that gets every request: the function
knows the paths and methods."""
LONGEST = 30_000
"""Milliseconds after which API Gateway stops waiting for the function; API Gateway allows no more."""


def gateway(types: Sequence[JobType[Any, Any]], stack: str) -> Resources:
    """Return two things: changes to the API's function, which Chalice makes, and the HTTP API with roles and logs."""
    return {
        HANDLER: _api(types, stack),
        "ApiRole": role(stack, "api", grants.api(queues_of(types))),
        log_group_id("api"): log_group(f"/aws/lambda/{stack}-api"),
        API: _resource("Api", {"Name": stack, "ProtocolType": "HTTP"}),
        INTEGRATION: {
            **_of_api(
                "Integration",
                {
                    "IntegrationType": "AWS_PROXY",
                    "IntegrationUri": arn_of(HANDLER),
                    "PayloadFormatVersion": "2.0",
                    "TimeoutInMillis": LONGEST,
                },
            ),
            # no request before the permission: with ShiftTraffic, the function becomes an alias in a running stage
            "DependsOn": [PERMISSION],
        },
        "HttpApiRoute": _of_api("Route", {"RouteKey": EVERYTHING, "Target": sub(f"integrations/${{{INTEGRATION}}}")}),
        "HttpApiStage": _of_api(
            "Stage",
            {
                "StageName": EVERYTHING,
                "AutoDeploy": True,
                "DefaultRouteSettings": {
                    "ThrottlingRateLimit": ref("ApiRate"),
                    "ThrottlingBurstLimit": ref("ApiBurst"),
                },
                "AccessLogSettings": access_log_setting(),
            },
        ),
        PERMISSION: {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ref(HANDLER),
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": arn("execute-api", f"${{{API}}}/*"),
            },
        },
    }


def _of_api(kind: str, properties: dict[str, Value]) -> dict[str, Any]:
    return _resource(kind, {"ApiId": ref(API), **properties})


def _resource(kind: str, properties: dict[str, Value]) -> dict[str, Any]:
    return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": properties}


def globals_section(environment: dict[str, Value]) -> dict[str, Any]:
    """Return the settings for every function."""
    return {"Function": {"Environment": {"Variables": environment}}}


def _api(types: Sequence[JobType[Any, Any]], stack: str) -> dict[str, Any]:
    """Return the API's function.

    Its variables contain the workers' event source mappings, which it can pause, and the dashboard's origin.
    """
    variables = {
        "EVENT_SOURCES": event_sources(queues_of(types)),
        "CORS_ORIGIN": origin(),
        "CURSOR_SECRET": ref("CursorSecret"),
        "SIGN_IN": sign_in.setting(),
        **signing.of_platform(),
        **tracing.variables("api"),
    }
    return {
        "Properties": {
            "Handler": "app.handler",
            "ReservedConcurrentExecutions": {"Fn::If": ["ReservesForApi", ref("ApiConcurrency"), ref("AWS::NoValue")]},
            "FunctionName": f"{stack}-api",
            "Role": arn_of("ApiRole"),
            "LoggingConfig": logging("api"),
            "Environment": {"Variables": variables},
        }
    }

"""Complete the API that Chalice makes: roles, log groups, access logs, and API Gateway's own error answers."""

import json
from collections.abc import Sequence
from typing import Any

from chalicelib.access.tokens import SHAPE
from chalicelib.api.http.serving import STRICT_TRANSPORT
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from infra.definition.iam import grants
from infra.definition.iam.permissions import role
from infra.definition.lambdas import signing
from infra.definition.lambdas.compute import log_group, log_group_id, logging
from infra.definition.lambdas.environment import event_sources
from infra.definition.names import Resources, Value, arn_of, logical, ref
from infra.definition.throttles import BURST, RATE
from infra.definition.web.access_log import access_log_setting
from infra.definition.web.site import origin, quoted_origin

HANDLER = "APIHandler"
AUTHORIZER = "Authorize"
"""Chalice's logical ids of the API and its authorizer. The second one is made from the authorizer's name in app.py."""
STAGE = "api"
VERSION = "2.0"
"""Chalice writes OpenAPI 2.0. If the template names this version, SAM does not make a second stage, "Stage", which
would have no limits."""
TOKEN_HEADER = rf"^\s*[Bb][Ee][Aa][Rr][Ee][Rr]\s+{SHAPE.pattern}\s*$"
"""Pattern with which API Gateway checks the header before it calls the authorizer. A header that does not match gets
401, at no cost."""
COMPRESSION, LEAST_COMPRESSED = "x-amazon-apigateway-minimum-compression-size", 1400
"""Smallest answer, in bytes, that API Gateway compresses for clients that accept compression; a smaller answer fits
into one packet. The setting is in the API's document and not a property of the API, because SAM makes a new deployment
only if the document changes."""
EXPOSED = "Location, Retry-After, Idempotent-Replayed, X-Correlation-Id"

ERRORS = {
    "ACCESS_DENIED": (403, "Forbidden", "This token may not do that; another role is needed."),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "Internal Server Error", "The token could not be checked."),
    "AUTHORIZER_FAILURE": (500, "Internal Server Error", "The token could not be checked. Try again."),
    "BAD_REQUEST_BODY": (400, "Bad Request", "The body cannot be read."),
    "EXPIRED_TOKEN": (403, "Forbidden", "The token has expired."),
    "INTEGRATION_FAILURE": (502, "Bad Gateway", "The API did not answer. Try again, with the same Idempotency-Key."),
    "INTEGRATION_TIMEOUT": (504, "Gateway Timeout", "No answer in time. Try again, with the same Idempotency-Key."),
    "MISSING_AUTHENTICATION_TOKEN": (404, "Not Found", "This path does not exist."),
    "REQUEST_TOO_LARGE": (413, "Content Too Large", "The request is larger than API Gateway takes."),
    "RESOURCE_NOT_FOUND": (404, "Not Found", "This path does not exist."),
    "THROTTLED": (429, "Too Many Requests", "The API as a whole is too busy. Wait as long as Retry-After says."),
    "UNAUTHORIZED": (
        401,
        "Unauthorized",
        "Send the header Authorization: Bearer <token>, with a token that has not expired or been revoked.",
    ),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Unsupported Media Type", "Send JSON: Content-Type: application/json."),
}
"""API Gateway answers 403 "Missing Authentication Token" for an unknown path; this replaces it by 404."""


def gateway(types: Sequence[JobType[Any, Any]], stack: str) -> Resources:
    """Return two things: changes to the resources from Chalice, and new resources: the API's roles and log groups."""
    return {
        HANDLER: _api(types, stack),
        "ApiRole": role(stack, "api", grants.api(queues_of(types))),
        log_group_id("api"): log_group(f"/aws/lambda/{stack}-api"),
        "RestAPI": _rest_api(stack),
        AUTHORIZER: _function(stack, "authorizer"),
        "AuthorizerRole": role(stack, "authorizer", grants.authorizer()),
        log_group_id("authorizer"): log_group(f"/aws/lambda/{stack}-authorizer"),
    }


def _rest_api(stack: str) -> dict[str, Any]:
    definition = {"x-amazon-apigateway-authorizer": {"identityValidationExpression": TOKEN_HEADER}}
    return {
        "Properties": {
            "Name": stack,
            "OpenApiVersion": VERSION,
            "GatewayResponses": gateway_responses(),
            "AccessLogSetting": access_log_setting(),
            "DefinitionBody": {"securityDefinitions": {"authorize": definition}, COMPRESSION: LEAST_COMPRESSED},
        },
    }


def globals_section(environment: dict[str, Value]) -> dict[str, Any]:
    """Return the settings for every function and for the API."""
    settings = [
        {
            "ResourcePath": "/*",
            "HttpMethod": "*",
            "MetricsEnabled": False,
            "ThrottlingRateLimit": RATE,
            "ThrottlingBurstLimit": BURST,
        }
    ]
    return {"Function": {"Environment": {"Variables": environment}}, "Api": {"MethodSettings": settings}}


def gateway_responses() -> dict[str, Any]:
    """Return problem documents with CORS headers.

    Without these headers a browser shows each error as a network failure.
    """
    responses = {name: _response(*error) for name, error in ERRORS.items()}
    responses["THROTTLED"]["ResponseParameters"]["Headers"]["Retry-After"] = "'1'"
    responses["UNAUTHORIZED"]["ResponseParameters"]["Headers"]["WWW-Authenticate"] = "'Bearer'"
    return {
        **responses,
        "DEFAULT_4XX": _response(None, "Request Refused", "API Gateway refused the request."),
        "DEFAULT_5XX": _response(None, "Server Error", "API Gateway could not serve the request. Try again."),
    }


def _response(status: int | None, title: str, detail: str) -> dict[str, Any]:
    problem: dict[str, Any] = {"type": "about:blank", "title": title, "detail": detail}
    if status is not None:
        problem["status"] = status
    headers = {
        "Access-Control-Allow-Origin": quoted_origin(),
        "Access-Control-Expose-Headers": f"'{EXPOSED}'",
        "Cache-Control": "'no-store'",
        "Content-Type": "'application/problem+json'",
        "Strict-Transport-Security": f"'{STRICT_TRANSPORT}'",
        "Vary": "'Origin'",
        "X-Content-Type-Options": "'nosniff'",
        "X-Correlation-Id": "context.requestId",
    }
    response: dict[str, Any] = {
        "ResponseParameters": {"Headers": headers},
        "ResponseTemplates": {"application/json": json.dumps(problem)},
    }
    return response if status is None else {"StatusCode": str(status), **response}


def _api(types: Sequence[JobType[Any, Any]], stack: str) -> dict[str, Any]:
    """Return the API's function.

    Its variables contain the workers' event source mappings, which it can pause, and the dashboard's origin.
    """
    function = _function(stack, "api")
    function["Properties"]["Environment"] = {
        "Variables": {
            "EVENT_SOURCES": event_sources(queues_of(types)),
            "CORS_ORIGIN": origin(),
            "CURSOR_SECRET": ref("CursorSecret"),
            **signing.of_platform(),
        }
    }
    return function


def _function(stack: str, short: str) -> dict[str, Any]:
    reserved = {"Fn::If": ["ReservesForApi", ref("ApiConcurrency"), ref("AWS::NoValue")]}
    return {
        "Properties": {
            "ReservedConcurrentExecutions": reserved,
            "FunctionName": f"{stack}-{short}",
            "Role": arn_of(logical(short, "Role")),
            "LoggingConfig": logging(short),
        }
    }

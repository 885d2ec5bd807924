"""The API as Chalice makes it, with what Chalice cannot say: roles, log groups, errors of API Gateway's own."""

import json
from collections.abc import Sequence
from typing import Any

from chalicelib.jobs.jobtype import JobType
from infra.definition import grants
from infra.definition.compute import log_group, log_group_id, logging
from infra.definition.names import Resources, Value, arn_of, logical, mapping_id, sub
from infra.definition.permissions import role
from infra.definition.site import quoted_origin

HANDLER = "APIHandler"
AUTHORIZER = "Authorize"
"""Chalice's logical ids of the API's two functions; the second follows from the name of the authorizer in app.py."""
STAGE = "api"
RATE = 200
BURST = 400
"""Requests a second that API Gateway lets through for everybody together, and how many at once."""
EXPOSED = "Location, Retry-After, Idempotent-Replayed, X-Correlation-Id"

ERRORS = {
    "ACCESS_DENIED": (403, "Forbidden", "This token may not do that; another role is needed."),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "Internal Server Error", "The token could not be checked."),
    "AUTHORIZER_FAILURE": (500, "Internal Server Error", "The token could not be checked. Try again."),
    "BAD_REQUEST_BODY": (400, "Bad Request", "The body cannot be read."),
    "EXPIRED_TOKEN": (403, "Forbidden", "The token has expired."),
    "INTEGRATION_FAILURE": (502, "Bad Gateway", "The API did not answer. Try again, with the same Idempotency-Key."),
    "INTEGRATION_TIMEOUT": (504, "Gateway Timeout", "No answer in time. Try again, with the same Idempotency-Key."),
    "MISSING_AUTHENTICATION_TOKEN": (404, "Not Found", "Nothing is here."),
    "REQUEST_TOO_LARGE": (413, "Content Too Large", "The request is larger than API Gateway takes."),
    "RESOURCE_NOT_FOUND": (404, "Not Found", "Nothing is here."),
    "THROTTLED": (429, "Too Many Requests", "The API as a whole is too busy. Wait as long as Retry-After says."),
    "UNAUTHORIZED": (401, "Unauthorized", "Send a token: Authorization: Bearer <token>."),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Unsupported Media Type", "Send JSON: Content-Type: application/json."),
}
"""API Gateway says 403 "Missing Authentication Token" for a path that it does not have: that is 404."""


def gateway(types: Sequence[JobType[Any, Any]], stack: str) -> Resources:
    """Overrides of Chalice's own resources, merged over them."""
    return {
        HANDLER: _api(types, stack),
        "ApiRole": role(f"/aws/lambda/{stack}-api", grants.api(types)),
        log_group_id("api"): log_group(f"/aws/lambda/{stack}-api"),
        "RestAPI": {"Properties": {"Name": stack, "GatewayResponses": gateway_responses()}},
        AUTHORIZER: _function(stack, "authorizer"),
        "AuthorizerRole": role(f"/aws/lambda/{stack}-authorizer", grants.authorizer()),
        log_group_id("authorizer"): log_group(f"/aws/lambda/{stack}-authorizer"),
    }


def globals_section(environment: dict[str, Value]) -> dict[str, Any]:
    """What holds for every function and for the API."""
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
    """Problem documents with CORS headers: without them a browser shows every such error as a network failure."""
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
        "Content-Type": "'application/problem+json'",
        "Vary": "'Origin'",
        "X-Correlation-Id": "context.requestId",
    }
    response: dict[str, Any] = {
        "ResponseParameters": {"Headers": headers},
        "ResponseTemplates": {"application/json": json.dumps(problem)},
    }
    return response if status is None else {"StatusCode": str(status), **response}


def _api(types: Sequence[JobType[Any, Any]], stack: str) -> dict[str, Any]:
    """The API also knows the mappings of the workers, to pause them; the workers must not know their own."""
    function = _function(stack, "api")
    ids = {kind.name: f"${{{mapping_id(kind.queue)}}}" for kind in types}
    function["Properties"]["Environment"] = {"Variables": {"EVENT_SOURCES": sub(json.dumps(ids))}}
    return function


def _function(stack: str, short: str) -> dict[str, Any]:
    return {
        "Properties": {
            "FunctionName": f"{stack}-{short}",
            "Role": arn_of(logical(short, "Role")),
            "LoggingConfig": logging(short),
        }
    }

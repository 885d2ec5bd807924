"""Serve requests of an HTTP API of API Gateway (payload format 2.0) with the Chalice app, which knows REST APIs only.

The HTTP API sends every request to the function. Unknown paths, wrong methods and preflights are therefore answered
here, and large answers are compressed here.
"""

import base64
import gzip
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

from chalice import Response
from chalice.app import Request

from chalicelib.api.constants import LEAST_COMPRESSED
from chalicelib.api.http import problems
from chalicelib.api.http.serving import address_of, correlation_id_of, problem_response, refuse
from chalicelib.telemetry import request_events

Event = Mapping[str, Any]
Answer = dict[str, Any]
Serve = Callable[[dict[str, Any], Any], Answer]
"""The Chalice app: it takes an event of a REST API and a context."""
Complete = Callable[[Response, str], Response]
"""Adds the headers of every answer, with the correlation id."""
FORMAT = "2.0"
GZIP_LEVEL = 6


class HttpApi:
    """The handler of the API's Lambda function.

    `methods` returns the methods of each path that begins with a given part, and lets the app serve these paths.
    """

    def __init__(
        self, serve: Serve, methods: Callable[[str], Mapping[str, frozenset[str]]], complete: Complete
    ) -> None:
        self._serve, self._methods, self._complete = serve, methods, complete

    def __call__(self, event: Event, context: Any) -> Answer:
        """Answer one request.

        A stage may still have the REST API of an earlier version, whose events are Chalice's own.
        """
        if event.get("version") != FORMAT:
            try:
                self._methods(first_of(event["requestContext"]["resourcePath"]))
            except Exception as error:
                return self._failed(dict(event), event["requestContext"]["httpMethod"], error)
            return self._serve(dict(event), context)
        method, headers = event["requestContext"]["http"]["method"], event.get("headers") or {}
        answer = self._answer(event, method, context)
        if method == "HEAD":
            answer["body"] = ""
        return packed(answer, headers.get("accept-encoding", ""))

    def _answer(self, event: Event, method: str, context: Any) -> Answer:
        try:
            path, found, methods = self._match(event["rawPath"])
        except Exception as error:
            return self._failed(of_rest_api(event, "-", {}), method, error)
        request = of_rest_api(event, path, found)
        return self._serve(request, context) if method in methods else self._refused(request, method, methods)

    def _failed(self, event: dict[str, Any], method: str, error: Exception) -> Answer:
        """Return the answer to a request whose resource cannot be imported."""
        correlation_id = correlation_id_of(Request(event))
        return self._told(event, method, refuse(error, event["requestContext"]["resourcePath"], correlation_id))

    def _match(self, path: str) -> tuple[str, dict[str, str], frozenset[str]]:
        """Return the route of a path, its parameters and its methods; `-` and no methods if there is no route.

        A path with a slash at its end has no route: API Gateway cuts `/jobs/%3F` to `/jobs/`, which is not `/jobs`.
        """
        asked = path.split("/")
        # sorted: `/jobs/batch` comes before `/jobs/{job_id}`, because "{" comes after every letter
        for route, methods in sorted(self._methods(first_of(path)).items()):
            parts = route.split("/")
            if len(parts) == len(asked) and all(_fits(part, one) for part, one in zip(parts, asked, strict=True)):
                found = {part[1:-1]: one for part, one in zip(parts, asked, strict=True) if part[:1] == "{"}
                return route, found, methods
        return "-", {}, frozenset()

    def _refused(self, event: dict[str, Any], method: str, methods: frozenset[str]) -> Answer:
        """Return the answer to a preflight, 405 with the methods of the path, or 404."""
        correlation_id = correlation_id_of(Request(event))
        allowed = ", ".join(sorted({*methods, "OPTIONS"}))
        if not methods:
            detail = "There is nothing at this path. GET /openapi.json lists all paths."
            response = _problem(404, detail, correlation_id, {})
        elif method == "OPTIONS":
            response = Response("", {"Access-Control-Allow-Methods": allowed.replace(" ", ""), "Allow": allowed}, 204)
        else:
            response = _problem(405, f"This path takes {allowed}.", correlation_id, {"Allow": allowed})
        return self._told(event, method, response)

    def _told(self, event: dict[str, Any], method: str, response: Response) -> Answer:
        """Log an answer that Chalice does not give, and add the headers of every answer."""
        request, route = Request(event), event["requestContext"]["resourcePath"]
        correlation_id = correlation_id_of(request)
        if response.status_code >= 400:
            told = {"principal": "-", "ip": address_of(request), "correlation_id": correlation_id}
            told["gateway_request"] = event["requestContext"]["requestId"]
            request_events.request_served(method, route, response.status_code, 0.0, told)
        answer: Answer = self._complete(response, correlation_id).to_dict()
        return answer


def of_rest_api(event: Event, route: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the event as a REST API would send it.

    API Gateway has decoded the path, and has cut it at a decoded `?`. Names in it must therefore not be decoded again.
    """
    context = event["requestContext"]
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True):
        query.setdefault(name, []).append(value)
    return {
        "requestContext": {
            "resourcePath": route, "httpMethod": context["http"]["method"], "path": quote(event["rawPath"]),
            "requestId": context.get("requestId") or str(uuid.uuid4()),
            "identity": {"sourceIp": context["http"]["sourceIp"]},
        },
        "headers": dict(event.get("headers") or {}), "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(parameters), "stageVariables": None,
        "body": event.get("body"), "isBase64Encoded": bool(event.get("isBase64Encoded")),
    }  # fmt: skip


def packed(answer: Answer, accepted: str) -> Answer:
    """Return Chalice's answer in format 2.0, compressed if it is large and the client accepts gzip."""
    headers, body = dict(answer["headers"]), answer["body"]
    encoded = bool(answer.get("isBase64Encoded"))
    if not encoded and len(body) >= LEAST_COMPRESSED:
        headers["Vary"] = "Accept-Encoding"
        if accepts_gzip(accepted):
            headers["Content-Encoding"], encoded = "gzip", True
            body = base64.b64encode(gzip.compress(body.encode(), GZIP_LEVEL, mtime=0)).decode()
    return {"statusCode": answer["statusCode"], "headers": headers, "body": body, "isBase64Encoded": encoded}


def accepts_gzip(accepted: str) -> bool:
    """Return whether a header Accept-Encoding allows gzip (RFC 9110, section 12.5.3)."""
    weights: dict[str, bool] = {}
    for one in accepted.lower().split(","):
        name, _, weight = one.replace(" ", "").partition(";q=")
        weights[name] = weight.strip("0.") != "" or not weight
    return weights.get("gzip", weights.get("*", False))


def first_of(path: str) -> str:
    """Return the first part of a path."""
    return path.split("/")[1] if "/" in path else ""


def _fits(part: str, asked: str) -> bool:
    return bool(asked) if part[:1] == "{" else part == asked


def _problem(status: int, detail: str, correlation_id: str, headers: Mapping[str, str]) -> Response:
    return problem_response(problems.problem_body(status, detail=detail, correlation_id=correlation_id), headers)

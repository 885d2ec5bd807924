"""Play API Gateway's HTTP API: events in payload format 2.0, decoded paths, and its own errors."""

import base64
import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from chalice import Chalice
from chalice.local import CustomLocalChalice, LambdaContext, LocalChalice

from chalicelib.api.http.problems import CONTENT_TYPE, problem_body

LOG = logging.getLogger(__name__)
MEMORY_MB = 512
TEXTS = ("text/", "application/json", "application/javascript", "application/xml")
"""Content types of bodies that API Gateway passes on as text; it encodes all others in base64."""
Answer = dict[str, Any]
Handler = Callable[[Mapping[str, Any], Any], Answer]


class Gateway:
    """One instance for all connections. Browsers may call only from `origin`. `timeout` in seconds."""

    def __init__(self, app: Chalice, handle: Handler, timeout: int, origin: str) -> None:
        # an app for each thread: requests run at the same time, and each must read its own `current_request`
        CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
        app.__class__ = CustomLocalChalice
        self._handle = handle
        self._timeout = timeout
        self.origin = origin

    def handle_request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the function's answer, or the gateway's own if the function fails."""
        context = LambdaContext("api", MEMORY_MB, max_runtime_ms=1000 * self._timeout)
        try:
            return self._handle(event_of(method, target, headers, body), context)
        except Exception:
            LOG.exception("The request could not be handled: %s %s", method, target.partition("?")[0])
            return by_gateway(500, "Internal Server Error")

    def problem(self, status: int, detail: str) -> Answer:
        """Return a refusal that only this server has: it protects a laptop from web pages."""
        request_id = str(uuid.uuid4())
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Access-Control-Allow-Origin": self.origin,
            "X-Correlation-Id": request_id,
        }
        return _answer(status, headers, problem_body(status, detail=detail, correlation_id=request_id))


def event_of(
    method: str, target: str, headers: Mapping[str, str], body: bytes = b"", address: str = "127.0.0.1"
) -> dict[str, Any]:
    """Return the event of a request. API Gateway decodes the path, and cuts it at a decoded question mark."""
    encoded, _, query = target.partition("?")
    path, sent = unquote(encoded).partition("?")[0], {name.lower(): value for name, value in headers.items()}
    as_text = sent.get("content-type", "application/json").startswith(TEXTS)
    try:
        text = body.decode() if as_text else None
    except UnicodeDecodeError:
        text = None
    return {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": sent,
        "requestContext": {
            "accountId": "123456789012", "apiId": "local", "domainName": sent.get("host", "localhost"),
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": address,
                "userAgent": sent.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()), "routeKey": "$default", "stage": "$default",
            "timeEpoch": int(1000 * time.time()),
        },
        **({"body": base64.b64encode(body).decode() if text is None else text} if body else {}),
        "isBase64Encoded": bool(body) and text is None,
    }  # fmt: skip


def by_gateway(status: int, message: str) -> Answer:
    """Return an error of API Gateway itself, which nobody can change: not a problem document, without CORS headers."""
    headers = {"Content-Type": "application/json", "Apigw-Requestid": str(uuid.uuid4())}
    return _answer(status, headers, {"message": message})


def _answer(status: int, headers: Mapping[str, str], body: Any) -> Answer:
    return {"statusCode": status, "headers": headers, "body": json.dumps(body), "isBase64Encoded": False}

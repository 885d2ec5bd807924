"""Make Chalice's local replacement for API Gateway answer like the deployed API Gateway.

This module corrects Chalice in four ways. The answer to an unknown path or method is 404 or 405, not "Missing
Authentication Token". The gateway's own error answers are problem documents with CORS headers. Path parameters are
decoded. The event has a request id.
"""

import json
import logging
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from chalice import Chalice
from chalice.config import Config
from chalice.local import (
    CustomLocalChalice,
    LambdaEventConverter,
    LocalChalice,
    LocalGateway,
    LocalGatewayException,
    RouteMatcher,
)

from chalicelib.api.http.problems import CONTENT_TYPE, problem_body
from infra.definition.web.gateway import ERRORS, EXPOSED

LOG = logging.getLogger(__name__)
SAID = {status: detail for status, _, detail in (ERRORS["UNAUTHORIZED"], ERRORS["ACCESS_DENIED"])}
"""The deployed gateway's answers to a request that the authorizer refuses, by status."""
Response = dict[str, Any]


class EventConverter(LambdaEventConverter):  # type: ignore[misc]
    """Converts requests to the events of a Lambda proxy integration."""

    def __init__(self, app: Chalice) -> None:
        self._matcher = RouteMatcher(list(app.routes))
        super().__init__(self._matcher, app.api.binary_types)

    def route_of(self, path: str) -> str:
        """Return the route of a path; raises ValueError if there is none."""
        return str(self._matcher.match_route(path).route)

    def create_lambda_event(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> dict[str, Any]:
        """Return the event; see chalice."""
        event: dict[str, Any] = super().create_lambda_event(method, path, headers, body)
        event["pathParameters"] = {name: unquote(value) for name, value in event["pathParameters"].items()}
        event["httpMethod"] = method
        event["path"] = event["requestContext"]["path"]
        event["requestContext"]["requestId"] = str(uuid.uuid4())
        return event


class Gateway(LocalGateway):  # type: ignore[misc]
    """One instance for all connections. Browsers may call only from `origin`."""

    def __init__(self, app: Chalice, config: Config, origin: str) -> None:
        # an app for each thread: requests run at the same time, and each must read its own `current_request`
        CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
        app.__class__ = CustomLocalChalice
        super().__init__(app, config)
        self.event_converter = EventConverter(app)
        self._app = app
        self.origin = origin

    def handle_request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        """Return the answer of the app, or an answer of the gateway itself."""
        try:
            methods = set(self._app.routes[self.event_converter.route_of(path)]) | {"OPTIONS"}
        except ValueError:
            return self.problem(404, "There is nothing at this path.")
        if method not in methods:
            allowed = ", ".join(sorted(methods))
            return self.problem(405, f"This path takes {allowed}.", {"Allow": allowed})
        try:
            response: Response = super().handle_request(method, path, headers, body)
        except LocalGatewayException as refused:
            more = {"WWW-Authenticate": "Bearer"} if refused.CODE == 401 else {}
            return self.problem(refused.CODE, SAID.get(refused.CODE), more)
        except Exception:
            LOG.exception("The request could not be handled: %s %s", method, path.partition("?")[0])
            return self.problem(500)
        return response

    def problem(self, status: int, detail: str | None = None, more: Mapping[str, str] | None = None) -> Response:
        """Return an answer of the gateway itself, as the deployed gateway writes it."""
        request_id = str(uuid.uuid4())
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Access-Control-Allow-Origin": self.origin,
            "Access-Control-Expose-Headers": EXPOSED,
            "Vary": "Origin",
            "X-Correlation-Id": request_id,
            **(more or {}),
        }
        body = json.dumps(problem_body(status, detail=detail, correlation_id=request_id))
        return {"statusCode": status, "headers": headers, "multiValueHeaders": {}, "body": body}

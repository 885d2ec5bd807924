"""Add the endpoints of all resources to the Chalice app, with the authorizer and the common headers."""

from collections.abc import Callable, Sequence
from typing import Any

from chalice import AuthResponse, Chalice, CORSConfig, Response
from chalice.app import AuthRequest, ChaliceAuthorizer, Request

from chalicelib.api.constants import CORS_MAX_AGE, POLICY_SECONDS
from chalicelib.api.http import problems
from chalicelib.api.http.auth import authorize as decide
from chalicelib.api.http.conditional import ETAG, IF_NONE_MATCH
from chalicelib.api.http.endpoint import Endpoint
from chalicelib.api.http.serving import ALWAYS, CORRELATION_ID, correlation_id_of, problem_response, refuse, serve
from chalicelib.api.jobs import bulk, bulk_actions, dead_letters, jobs, logs, uploads
from chalicelib.api.numbers import errors, metrics, series
from chalicelib.api.platform import health, job_types, meta, schedules
from chalicelib.api.platform.reference import reference
from chalicelib.assembly import parts

RESOURCES = (
    health, jobs, logs, bulk, bulk_actions, dead_letters, job_types, schedules, metrics, series, errors, uploads, meta,
)  # fmt: skip
"""The modules of resources. To add a resource, write a module with `endpoints = Endpoints()`, and add its name here."""
ALLOWED_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", IF_NONE_MATCH, CORRELATION_ID)
EXPOSED_HEADERS = ("Location", "Retry-After", "Idempotent-Replayed", "Existing-Job", ETAG, CORRELATION_ID)


def all_endpoints() -> Sequence[Endpoint]:
    """Return all endpoints."""
    declared = (resource.endpoints for resource in RESOURCES)
    return [endpoint for endpoints in (*declared, REFERENCE) for endpoint in endpoints.declared]


REFERENCE = reference(all_endpoints)
"""The endpoints that describe the API, including themselves."""


def register(app: Chalice) -> ChaliceAuthorizer:
    """Add the whole API to the app; returns the authorizer, which app.py must assign to the name `authorize`."""
    cors = CORSConfig(
        allow_origin=parts.settings.cors_origin,
        allow_headers=list(ALLOWED_HEADERS),
        expose_headers=list(EXPOSED_HEADERS),
        max_age=CORS_MAX_AGE,
    )
    # Set CORS before the first route, because Chalice reads the setting when a route is declared.
    app.api.cors = cors
    app.register_middleware(_envelope(cors.get_access_control_headers()), "http")
    authorizer = _authorizer(app)
    for endpoint in all_endpoints():
        _mount(app, endpoint, authorizer)
    return authorizer


def _authorizer(app: Chalice) -> ChaliceAuthorizer:
    def authorize(request: AuthRequest) -> AuthResponse:
        return decide(request, all_endpoints())

    guard: ChaliceAuthorizer = app.authorizer(ttl_seconds=POLICY_SECONDS)(authorize)
    return guard


def _mount(app: Chalice, endpoint: Endpoint, authorizer: ChaliceAuthorizer) -> None:
    def view(**path: str) -> Response:
        return serve(endpoint, app.current_request, path)

    view.__name__, view.__doc__ = endpoint.name, endpoint.handler.__doc__
    guard = {"authorizer": authorizer} if endpoint.role else {}
    # Accept every content type here; `read_object` checks it. Otherwise Chalice would refuse a wrong content type with
    # its own text, before the request is counted.
    app.route(endpoint.path, methods=[endpoint.method], content_types=["*/*"], **guard)(view)


def _envelope(cors: dict[str, str]) -> Callable[[Request | None, Any], Response]:
    def envelope(request: Request | None, get_response: Callable[[Request | None], Response]) -> Response:
        """Add a correlation id and CORS headers to every answer, and convert Chalice's own errors to problems."""
        correlation_id = correlation_id_of(request)
        try:
            response = get_response(request)
        except Exception as error:
            response = refuse(error, request.path if request else "-", correlation_id)
        if response.status_code >= 400 and response.headers.get("Content-Type") != problems.CONTENT_TYPE:
            body = problems.problem_body(response.status_code, correlation_id=correlation_id)
            response = problem_response(body, response.headers)
        response.headers.update({**cors, **ALWAYS, CORRELATION_ID: correlation_id})
        return response

    return envelope

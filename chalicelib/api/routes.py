"""Add the endpoints of all resources to the Chalice app, with the common headers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module

from chalice import Chalice, CORSConfig, Response
from chalice.app import Request

from chalicelib import cold_start
from chalicelib.api.constants import CORS_MAX_AGE
from chalicelib.api.http import problems
from chalicelib.api.http.conditional import ETAG, IF_NONE_MATCH
from chalicelib.api.http.endpoint import Endpoint
from chalicelib.api.http.http_api import HttpApi, first_of
from chalicelib.api.http.serving import ALWAYS, CORRELATION_ID, correlation_id_of, problem_response, refuse, serve
from chalicelib.assembly import parts
from chalicelib.jobs import trace

RESOURCES: Mapping[str, Sequence[str]] = {
    "health": ["platform.health"],
    "me": ["platform.health"],
    "jobs": ["jobs.jobs", "jobs.logs", "jobs.bulk"],
    "bulk": ["jobs.bulk_actions"],
    "batches": ["jobs.batches"],
    "dead-letters": ["jobs.dead_letters"],
    "job-types": ["platform.job_types"],
    "schedules": ["platform.schedules"],
    "webhooks": ["platform.webhooks"],
    "limits": ["platform.limits"],
    "metrics": ["numbers.metrics", "numbers.series"],
    "errors": ["numbers.errors"],
    "usage": ["numbers.usage"],
    "views": ["platform.views"],
    "audit": ["platform.audit"],
    "tokens": ["platform.tokens"],
    "session": ["platform.sessions"],
    "sessions": ["platform.sessions"],
    "erasures": ["platform.erasures"],
    "uploads": ["jobs.uploads"],
    "meta": ["platform.meta"],
    "openapi.json": ["platform.reference"],
    "docs": ["platform.reference"],
}
"""The modules of resources, by the first part of their paths. To add a resource, write a module with
`endpoints = Endpoints()`, and add its name here."""
AT_ONCE = ("jobs",)
"""The resources that a process imports when it starts in Lambda. It imports the others at the first request for them,
because a process that makes jobs needs none of them."""
ALLOWED_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", IF_NONE_MATCH, CORRELATION_ID, trace.HEADER)
EXPOSED_HEADERS = ("Location", "Retry-After", "Idempotent-Replayed", "Existing-Job", ETAG, CORRELATION_ID)


def all_endpoints() -> Sequence[Endpoint]:
    """Return all endpoints."""
    modules = dict.fromkeys(name for names in RESOURCES.values() for name in names)
    return [endpoint for name in modules for endpoint in _endpoints(name)]


@cache
def _endpoints(name: str) -> Sequence[Endpoint]:
    module = import_module(f"{__package__}.{name}")
    endpoints = module.reference(all_endpoints) if name == REFERENCE else module.endpoints
    return list(endpoints.declared)


REFERENCE = "platform.reference"
"""The module with the endpoints that describe the API, including themselves."""
if not cold_start.IN_LAMBDA:  # as usual in Python, everything is imported before the first thread
    all_endpoints()


class Mounted:
    """The resources in the Chalice app: those of `at_once`, and those for which a request has come."""

    def __init__(self, app: Chalice, at_once: Iterable[str]) -> None:
        self._app = app
        self._paths: dict[str, dict[str, frozenset[str]]] = {}
        for first in at_once:
            self.methods(first)

    def methods(self, first: str) -> Mapping[str, frozenset[str]]:
        """Return the methods of each path that begins with this part, after all of them are in the app."""
        if first in RESOURCES and first not in self._paths:
            # If an import fails, nothing is remembered, so the next request tries it again.
            endpoints = [one for name in RESOURCES[first] for one in _endpoints(name) if first_of(one.path) == first]
            found = dict[str, frozenset[str]]()
            for endpoint in endpoints:
                _mount(self._app, endpoint)
                found[endpoint.path] = found.get(endpoint.path, frozenset()) | {endpoint.method}
            self._paths[first] = found
        return self._paths.get(first, {})


def register(app: Chalice, at_once: Iterable[str] = AT_ONCE if cold_start.IN_LAMBDA else RESOURCES) -> HttpApi:
    """Add the API to the app; return the handler of the Lambda function.

    Resources that are not in `at_once` are added at the first request for them.
    """
    # Set CORS before the first route, because Chalice reads the setting when a route is declared.
    app.api.cors = _cors()
    app.register_middleware(_envelope, "http")
    return HttpApi(app, Mounted(app, at_once).methods, _completed)


def _mount(app: Chalice, endpoint: Endpoint) -> None:
    def view(**path: str) -> Response:
        return serve(endpoint, app.current_request, path)

    view.__name__, view.__doc__ = endpoint.name, endpoint.handler.__doc__
    # Accept every content type here; `read_object` checks it. Otherwise Chalice would refuse a wrong content type with
    # its own text, before the request is counted.
    app.route(endpoint.path, methods=[endpoint.method], content_types=["*/*"])(view)


def _envelope(request: Request | None, get_response: Callable[[Request | None], Response]) -> Response:
    """Complete every answer, and convert Chalice's own errors to problems."""
    correlation_id = correlation_id_of(request)
    try:
        response = get_response(request)
    except Exception as error:
        response = refuse(error, request.path if request else "-", correlation_id)
    if response.status_code >= 400 and response.headers.get("Content-Type") != problems.CONTENT_TYPE:
        body = problems.problem_body(response.status_code, correlation_id=correlation_id)
        response = problem_response(body, response.headers)
    return _completed(response, correlation_id)


def _completed(response: Response, correlation_id: str) -> Response:
    """Add the headers of every answer."""
    response.headers.update({**_cors().get_access_control_headers(), **ALWAYS, CORRELATION_ID: correlation_id})
    return response


def _cors() -> CORSConfig:
    return CORSConfig(
        allow_origin=parts.settings.cors_origin,
        allow_headers=list(ALLOWED_HEADERS),
        expose_headers=list(EXPOSED_HEADERS),
        max_age=CORS_MAX_AGE,
    )

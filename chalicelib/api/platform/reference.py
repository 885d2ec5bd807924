"""Serve the API's own description."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import RootModel

from chalicelib.api.document import document
from chalicelib.api.http.endpoint import Call, Endpoint, Endpoints, Text
from chalicelib.assembly import parts
from chalicelib.job_types import jobtype

VERSION = "0.2.0.dev0"
"""The version of JobFlow; `make openapi` copies it to the packages of the clients."""
REFERENCE_PAGE = "/reference/"


class OpenApi(RootModel[dict[str, Any]]):
    """An OpenAPI 3.1 document."""


def reference(described: Callable[[], Sequence[Endpoint]]) -> Endpoints:
    """Return the endpoints that describe the API; `described` returns all endpoints of the API, including these."""
    endpoints = Endpoints()

    @endpoints.get("/openapi.json", OpenApi)
    def read_openapi(_: Call) -> OpenApi:
        """Return the OpenAPI document of this API, with an example of every job type."""
        return OpenApi(document(described(), jobtype.all_types(), VERSION))

    @endpoints.get("/docs", OpenApi, role=None, statuses=(302,))
    def read_docs(_: Call) -> Text:
        """Redirect to the dashboard's page that shows the API's description."""
        return Text("", "text/plain", 302, {"Location": parts.settings.cors_origin + REFERENCE_PAGE})

    return endpoints

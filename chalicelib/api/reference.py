"""The API's own description."""

from typing import Any

from pydantic import RootModel

from chalicelib import wiring
from chalicelib.api.document import document
from chalicelib.api.endpoint import Call, Endpoints, Text
from chalicelib.jobs import jobtype

VERSION = "1.0.0"
PAGE = "/reference/"

endpoints = Endpoints()


class OpenApi(RootModel[dict[str, Any]]):
    """An OpenAPI 3.1 document."""


@endpoints.get("/openapi.json", OpenApi)
def read_openapi(_: Call) -> OpenApi:
    """The OpenAPI document of this API, with an example of every job type."""
    return OpenApi(whole())


@endpoints.get("/docs", OpenApi, role=None, statuses=(302,))
def read_docs(_: Call) -> Text:
    """A page to read the API's description on: the dashboard serves it."""
    return Text("", "text/plain", 302, {"Location": wiring.settings().cors_origin + PAGE})


def whole() -> dict[str, Any]:
    """The document of all endpoints and job types."""
    from chalicelib.api import all_endpoints

    return document(all_endpoints(), jobtype.all_types(), VERSION)

"""List the services of moto that the platform uses. All others, and moto's own admin pages, are disabled.

Some of moto's services start containers, and /moto-api/ can delete everything.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, cast

from flask import Flask
from moto.backends import SERVICE_NAMES
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from .wsgi import Environ

SERVICES = frozenset(
    (
        "cloudformation",
        "dynamodb",
        "dynamodbstreams",
        "logs",
        "s3",
        "secretsmanager",
        "ses",
        "sesv2",
        "sqs",
        "ssm",
        "sts",
    ),
)


class Offered(DomainDispatcherApplication):  # type: ignore[misc]  # moto is not typed for mypy here
    """Route signed requests as moto does, but only to the services of `SERVICES`."""

    def __init__(self) -> None:
        super().__init__(_application)


def _application(service: SERVICE_NAMES | None) -> Flask:
    if service in SERVICES:
        return cast("Flask", create_backend_app(service))
    return cast("Flask", _refusing(service or "a service of that name"))


def _refusing(service: str) -> Callable[[Environ, Callable[..., Any]], Iterable[bytes]]:
    message = f"The local emulator does not offer {service.removeprefix('aws')}."
    body = json.dumps({"__type": "AccessDeniedException", "message": message}).encode()

    def refuse(_environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("403 Forbidden", [("Content-Type", "application/x-amz-json-1.0")])
        return [body]

    return refuse

"""Answer calls of tests and of the runner to the emulator itself, under /_jobflow/."""

import json
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from infra.local import callers

from .server import Reply, Request

LOG = logging.getLogger(__name__)
PREFIX = "/_jobflow/"
Calls = Mapping[tuple[str, str], Callable[[Any], Mapping[str, Any] | None]]


def answer(calls: Calls, request: Request) -> Reply:
    """Answer one call: JSON in, JSON out. Calls are accepted only on loopback, and never from a web page."""
    call = calls.get((request.method, request.path.removeprefix(PREFIX)))
    if callers.is_page(request.headers.get):
        return _json(HTTPStatus.FORBIDDEN, {"error": "not for web pages"})
    if call is None:
        return _json(HTTPStatus.NOT_FOUND, {"error": "unknown control call"})
    try:
        return _json(HTTPStatus.OK, {"status": "ok", **(call(json.loads(request.body or b"null")) or {})})
    except (ValueError, KeyError, TypeError) as error:
        LOG.warning("The control call %s failed", request.target, exc_info=True)  # the error may be the emulator's own
        return _json(HTTPStatus.BAD_REQUEST, {"error": f"{type(error).__name__}: {error}"})


def _json(status: HTTPStatus, body: Mapping[str, Any]) -> Reply:
    return Reply(status, [("Content-Type", "application/json")], json.dumps(body).encode())

"""Call a WSGI application for one request, inside the event loop."""

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import setup_testing_defaults

from werkzeug.test import run_wsgi_app

from .server import Reply, Request

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def call(app: Application, request: Request, server: tuple[str, int]) -> Reply:
    """Return the application's complete answer to `request`. `server` is the host's address."""
    chunks, status, headers = run_wsgi_app(app, environ(request, server), buffered=True)
    kept = [(name, value) for name, value in headers if name.lower() not in ("connection", "date")]
    return Reply(int(status.split(" ", 1)[0]), kept, b"".join(chunks))


def environ(request: Request, server: tuple[str, int]) -> Environ:
    """Return the WSGI environment of `request`, in the form of werkzeug's own server."""
    path, _, query = request.target.partition("?")
    if path.startswith("http://"):
        path = "/" + path.partition("//")[2].partition("/")[2]
    result: Environ = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.errors": sys.stderr,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
    }
    _add_headers(result, request)
    setup_testing_defaults(result)
    result["CONTENT_LENGTH"] = str(len(request.body))
    return result


def _add_headers(result: Environ, request: Request) -> None:
    # store the spelling of S3 metadata keys for moto here, because WSGI cannot express an underscore in a header's name
    spelled = result["moto.preserved_header_names"] = dict[str, str]()
    for name, value in request.raw_headers:
        key = name.upper().replace("-", "_")
        if key == "TRANSFER_ENCODING":
            continue  # do not pass Transfer-Encoding: the server has already decoded the chunks
        if "_" in name:
            if not name.lower().startswith("x-amz-meta-"):
                continue  # X_Foo must not replace X-Foo
            spelled[f"HTTP_{key}"] = name
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        result[key] = f"{result[key]},{value}" if key in result else value

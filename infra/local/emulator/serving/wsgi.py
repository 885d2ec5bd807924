"""Call a WSGI application for one request, inside the event loop."""

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from .server import Reply, Request

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def call(app: Application, request: Request, server: tuple[str, int]) -> Reply:
    """Return the application's complete answer to `request`. `server` is the host's address."""
    status, headers = "500", list[tuple[str, str]]()

    def start_response(line: str, fields: list[tuple[str, str]], _exc_info: object = None) -> Callable[..., None]:
        nonlocal status, headers
        status, headers = line, fields
        return lambda _chunk: None

    chunks = app(environ(request, server), start_response)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return Reply(int(status.split(" ", 1)[0]), _without_hop_by_hop(headers), body)


def environ(request: Request, server: tuple[str, int]) -> Environ:
    """Return the WSGI environment of `request`, in the form of werkzeug's own server."""
    path, _, query = request.target.partition("?")
    if path.startswith("http://"):
        path = "/" + path.partition("//")[2].partition("/")[2]
    result: Environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    _add_headers(result, request)
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


def _without_hop_by_hop(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in ("connection", "date")]

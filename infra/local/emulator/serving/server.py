"""Serve HTTP/1.1 with aiohttp, on one event loop, which runs one request at a time.

moto reads, tests and writes without a lock, so requests must not run at the same time. Python's interpreter lock would
run only one thread at a time anyway: threads would add switching costs and races, but no speed (docs/decisions has the
figures). A reply that must wait (an SQS long poll) is awaited, and delays only its own connection.
"""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

LOG = logging.getLogger(__name__)
BACKLOG = 2048
MAX_BODY_BYTES = 128 * 1024 * 1024
MAX_FIELD_BYTES = 64 * 1024
"""Bytes of the target, and of each header."""
MAX_HEADERS = 1_000
LIVE_OBJECTS = 20_000


@dataclass(slots=True)
class Request:
    """One request: `target` as received (path and query, still percent-encoded), header names in lower case.

    In `headers`, the values of a repeated header are joined.
    """

    method: str = ""
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    raw_headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(slots=True)
class Reply:
    """One answer; Content-Length and Date are added when it is written."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""


Answer = Reply | Awaitable[Reply]
Handler = Callable[[Request], Answer]
Answering = Callable[[web.BaseRequest], Awaitable[web.Response]]


def answering(handler: Handler, refusal: Callable[[Request], Reply | None] = lambda _: None) -> Answering:
    """Return `handler` as aiohttp calls it. `refusal` is called before the body is read; its reply ends the connection.

    A failure is logged, and answered with 500.
    """

    async def answer(sent: web.BaseRequest) -> web.Response:
        raw = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in sent.raw_headers]
        request = Request(sent.method, sent.raw_path, _joined(raw), raw)
        refused = refusal(request)
        if refused is not None:
            response = _response(refused, request)
            response.force_close()
            return response
        if request.headers.get("expect", "").lower() == "100-continue":
            await sent.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            sent.writer.output_size = 0
        request.body = await sent.read()
        reply = handler(request)
        return _response(reply if isinstance(reply, Reply) else await reply, request)

    return answer


def server(
    answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], most_body_bytes: int = MAX_BODY_BYTES
) -> web.Server:
    """Return the connections for `loop.create_server`.

    If a client closes its connection, its request is cancelled, so that a receive takes no message. aiohttp leaves
    cycles at each request; the process that serves looks for them less often than Python's default.
    """
    gc.set_threshold(LIVE_OBJECTS)
    loop = asyncio.get_running_loop()

    def make(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=most_body_bytes)

    return web.Server(
        answer,
        request_factory=make,
        handler_cancellation=True,
        access_log=None,
        logger=LOG,
        auto_decompress=False,
        max_line_size=MAX_FIELD_BYTES,
        max_field_size=MAX_FIELD_BYTES,
        max_headers=MAX_HEADERS,
    )


def _is_of_the_server(record: logging.LogRecord) -> bool:
    """Return False for a wrong request: the caller gets a 400, and the error quotes a line that may be a secret."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


LOG.addFilter(_is_of_the_server)


def _joined(raw: list[tuple[str, str]]) -> dict[str, str]:
    headers = dict[str, str]()
    for name, value in raw:
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    return headers


def _response(reply: Reply, request: Request) -> web.Response:
    """Return the reply for aiohttp. A HEAD reply keeps the length it was given."""
    kept = reply.headers if request.method == "HEAD" else [h for h in reply.headers if h[0].lower() != "content-length"]
    return web.Response(status=reply.status, headers=[(name, _sent(value)) for name, value in kept], body=reply.body)


def _sent(value: str) -> str:
    """Return a header's value such that aiohttp, which encodes it as UTF-8, writes the bytes that were received."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def refused(status: HTTPStatus, sentence: str) -> Reply:
    """Return a reply of one sentence."""
    return Reply(status, [("Content-Type", "text/plain")], sentence.encode())

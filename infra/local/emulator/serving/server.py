"""Serve HTTP/1.1 with keep-alive, one write for each reply, and one event loop, which runs one request at a time.

moto reads, tests and writes without a lock, so requests must not run at the same time. Python's interpreter lock would
run only one thread at a time anyway: threads would add switching costs and races, but no speed (docs/decisions has the
figures). A reply that must wait (an SQS long poll) is a future, and delays only its own connection.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import cast

import httptools

LOG = logging.getLogger(__name__)
BACKLOG = 2048
MAX_BODY_BYTES = 128 * 1024 * 1024
MAX_HEAD_BYTES = 64 * 1024
READ_BYTES = 256 * 1024
"""The largest segment that is read at once. asyncio has the same number."""
WITHOUT_CONTENT = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


@dataclass(slots=True)
class Request:
    """One request: `target` as received (path and query, still percent-encoded), header names in lower case."""

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


Answer = Reply | asyncio.Future[Reply]
Handler = Callable[[Request], Answer]


class Connection(asyncio.Protocol):
    """One client's connection: parses requests, answers them in order."""

    most_body_bytes = MAX_BODY_BYTES
    most_head_bytes = MAX_HEAD_BYTES
    """Bytes of the target and of the headers' values."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._pending: asyncio.Future[Reply] | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._in_head = False
        self._head_bytes = 0
        self._segment_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._waiting.clear()
        if self._pending is not None:
            self._pending.cancel()  # a client that has closed the connection must not receive a message

    def eof_received(self) -> bool:
        # A client that sends nothing more ends its wait. A message that was received for it must still reach it.
        answered = self._pending is not None and self._pending.done()
        if not answered:
            self.connection_lost(None)
        return answered

    def data_received(self, data: bytes) -> None:
        while data and not self._transport.is_closing():
            try:
                self._parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as upgrade:
                data = self._without_upgrade() + data[upgrade.args[0] :]
            except httptools.HttpParserError as error:
                self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        if self._in_head:
            # The parser collects a header until it is complete, so the header is not in `_head_bytes` yet.
            self._segment_bytes += len(data)
            if self._segment_bytes > self.most_head_bytes + READ_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too long")

    def _without_upgrade(self) -> bytes:
        """Return the head of a request that offers another protocol, without this offer, for a new parser.

        A server may ignore the offer. httptools would ignore the body, and end. Java's HttpClient sends `Upgrade: h2c`.
        """
        request, version = self._request, self._parser.get_http_version()
        self._parser = httptools.HttpRequestParser(self)
        if request.method == "CONNECT":
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "this is no proxy")
            return b""
        lines = [f"{request.method} {request.target} HTTP/{version}"]
        for name, value in request.raw_headers:
            if name.lower() == "connection":
                options = [option.strip() for option in value.split(",")]
                lines += [f"{name}: {option}" for option in options if option.lower() in ("close", "keep-alive")]
            elif name.lower() not in ("upgrade", "http2-settings"):
                lines.append(f"{name}: {value}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def on_message_begin(self) -> None:
        self._request = Request()
        self._body = []
        self._body_bytes = 0
        self._in_head = True
        self._head_bytes = 0
        self._segment_bytes = 0

    def on_url(self, url: bytes) -> None:
        if self._fits(url, HTTPStatus.REQUEST_URI_TOO_LONG, "the address is too long"):
            self._request.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._fits(value, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too long"):
            self._add_header(name.decode("latin-1"), value.decode("latin-1"))

    def _fits(self, part: bytes, status: HTTPStatus, sentence: str) -> bool:
        self._head_bytes += len(part)
        if self._head_bytes > self.most_head_bytes:
            self._refuse(status, sentence)
        return not self._transport.is_closing()

    def _add_header(self, key: str, text: str) -> None:
        self._request.headers[key.lower()] = text
        self._request.raw_headers.append((key, text))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._request.method = self._parser.get_method().decode("latin-1")
        if not self._transport.is_closing() and not self._parser.should_upgrade():
            self._begin_body()

    def _begin_body(self) -> None:
        if int(self._request.headers.get("content-length", 0)) > self.most_body_bytes:
            self._refuse_body()
        elif self._request.headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, chunk: bytes) -> None:
        self._body_bytes += len(chunk)
        if self._body_bytes > self.most_body_bytes:
            self._refuse_body()
        else:
            self._body.append(chunk)

    def on_message_complete(self) -> None:
        if not self._parser.should_upgrade():
            self._complete()

    def _complete(self) -> None:
        self._request.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._waiting.append((self._request, self._parser.should_keep_alive()))
        self._answer_next()

    def _answer_next(self) -> None:
        while self._waiting and self._pending is None and not self._transport.is_closing():
            request, keep_alive = self._waiting.popleft()
            answer = self._handle(request)
            if isinstance(answer, Reply):
                self._write(request, answer, keep_alive)
            else:
                self._wait_for(answer, request, keep_alive)

    def _handle(self, request: Request) -> Answer:
        try:
            return self._handler(request)
        except Exception as error:
            return _failure(request, error)

    def _wait_for(self, answer: asyncio.Future[Reply], request: Request, keep_alive: bool) -> None:
        self._pending = answer

        def finish(future: asyncio.Future[Reply]) -> None:
            self._pending = None
            if not future.cancelled() and not self._transport.is_closing():
                self._write(request, _outcome(future, request), keep_alive)
                self._answer_next()

        answer.add_done_callback(finish)

    def _write(self, request: Request, reply: Reply, keep_alive: bool) -> None:
        self._transport.write(serialise(reply, head=request.method == "HEAD", keep_alive=keep_alive))
        if not keep_alive:
            self._transport.close()

    def _refuse_body(self) -> None:
        self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have {self.most_body_bytes} bytes")

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        if not self._transport.is_closing():
            self._transport.write(serialise(refused(status, sentence), head=False, keep_alive=False))
            self._transport.close()


def _outcome(future: asyncio.Future[Reply], request: Request) -> Reply:
    try:
        return future.result()
    except Exception as error:
        return _failure(request, error)


def _failure(request: Request, error: Exception) -> Reply:
    LOG.error("%s %s failed", request.method, request.target, exc_info=error)
    return refused(HTTPStatus.INTERNAL_SERVER_ERROR, "the emulator failed: see its log")


def refused(status: HTTPStatus, sentence: str) -> Reply:
    """Return a reply of one sentence."""
    return Reply(status, [("Content-Type", "text/plain")], sentence.encode())


def serialise(reply: Reply, *, head: bool, keep_alive: bool) -> bytes:
    """Return the reply as the bytes of one write. A HEAD reply keeps the length it was given and has no body."""
    phrase = _PHRASES.get(reply.status, "")
    lines = [f"HTTP/1.1 {reply.status} {phrase}"]
    length = str(len(reply.body))
    for name, value in reply.headers:
        if name.lower() == "content-length":
            length = value if head else length
        else:
            lines.append(f"{name}: {value}")
    if reply.status not in WITHOUT_CONTENT:
        lines.append(f"Content-Length: {length}")
    lines.append(f"Date: {_http_date()}")
    if not keep_alive:
        lines.append("Connection: close")
    prefix = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    return prefix if head or reply.status in WITHOUT_CONTENT else prefix + reply.body


_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_date = (0, "")


def _http_date() -> str:
    global _date  # noqa: PLW0603 - one string a second, instead of one a reply
    second = int(time.time())
    if _date[0] != second:
        _date = (second, formatdate(second, usegmt=True))
    return _date[1]

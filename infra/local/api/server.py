"""Serve HTTP for the local gateway, with kept connections.

Each connection has a thread, because the API waits for the emulator. Requests are parsed and answers written by the
emulator's own `Connection`, in a fifth of the time of `http.server`, and in one write: with two writes, Nagle's
algorithm and delayed ACK would allow only 23 requests a second.
"""

import base64
import contextlib
import logging
import socket
import threading
from functools import partial
from http import HTTPStatus
from socketserver import BaseRequestHandler, TCPServer, ThreadingMixIn
from typing import Any, cast

from infra.local import callers
from infra.local.api.gateway import Answer, Gateway, by_gateway
from infra.local.emulator.serving.server import READ_BYTES, Connection, Reply, Request

LOG = logging.getLogger(__name__)
MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_HEAD_BYTES = 10_240
"""Limits of API Gateway: of a body, and of the request line and the values of the headers together."""
MOST_AT_A_TIME = 16
"""Maximum number of requests that are handled at a time. More threads would only wait for each other."""


class Handler(BaseRequestHandler):
    """One connection."""

    server: "Server"

    def __init__(self, request: Any, address: Any, server: "Server", gateway: Gateway) -> None:
        self.gateway = gateway
        super().__init__(request, address, server)

    def handle(self) -> None:
        """Answer requests until the client or this server closes the connection."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = Transport(self.request)
        connection = ApiConnection(self._answer, self.gateway, self.server)
        connection.connection_made(cast("Any", transport))
        try:
            while not transport.is_closing():
                if not connection.reading:
                    connection.settle()
                    if connection.kept:
                        self.server.idle.add(self.request)
                try:
                    data = self.request.recv(READ_BYTES)
                except OSError:
                    return
                self.server.idle.discard(self.request)
                if not data:
                    return
                connection.data_received(data)
        finally:
            connection.settle()

    def _answer(self, request: Request) -> Reply:
        with self.server.turns:
            answer = self.gateway.handle_request(request.method, request.target, request.headers, request.body)
        return reply(answer)


class Transport:
    """The part of asyncio's transport that a connection uses, on a blocking socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._closing = False

    def write(self, data: bytes) -> None:
        """Send everything. If the client has gone, nothing more is read."""
        try:
            self._socket.sendall(data)
        except OSError:
            self._closing = True

    def is_closing(self) -> bool:
        """Return True once the connection ends."""
        return self._closing

    def close(self) -> None:
        """Let the connection end."""
        self._closing = True


class ApiConnection(Connection):
    """Parse the requests of one connection. What must not be handled is refused before its body is read."""

    most_body_bytes = MAX_BODY_BYTES
    most_head_bytes = MAX_HEAD_BYTES

    def __init__(self, answer: Any, gateway: Gateway, server: "Server") -> None:
        super().__init__(answer)
        self._gateway = gateway
        self._server = server
        self.reading = False
        """True while a request has arrived only in part."""
        self.kept = False
        """True after the first answer."""
        self._counted = False

    def on_message_begin(self) -> None:
        """Begin a request. From now on, a process that ends waits for it."""
        self.reading = True
        if not self._counted:
            self._counted = True
            self._server.requests.begin()
        super().on_message_begin()

    def settle(self) -> None:
        """Count the request as done: its answer was written, or the connection ends. Idempotent."""
        if self._counted:
            self._counted = False
            self._server.requests.end()

    def _add_header(self, key: str, text: str) -> None:
        # API Gateway joins the values of a repeated header.
        before = self._request.headers.get(key.lower())
        super()._add_header(key, text)
        if before is not None:
            self._request.headers[key.lower()] = f"{before},{text}"

    def _begin_body(self) -> None:
        """Refuse requests of foreign web pages, and bodies without a length or beyond the limit."""
        headers = self._request.headers
        reason = callers.refusal(headers.get, (self._gateway.origin,))
        if reason is not None:
            self._end_with(self._gateway.problem(403, reason))
        elif "transfer-encoding" in headers:
            self._end_with(self._gateway.problem(411, "Send the body with a Content-Length."))
        else:
            super()._begin_body()

    def _complete(self) -> None:
        self.reading = False
        super()._complete()
        self.kept = True

    def _handle(self, request: Request) -> Reply:
        try:
            return cast("Reply", self._handler(request))
        except Exception:
            # The function has answered, but with something that is no answer.
            LOG.exception("The answer could not be sent: %s %s", request.method, request.path)
            return reply(by_gateway(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error"))

    def _write(self, request: Request, reply: Reply, keep_alive: bool) -> None:
        # A server that is leaving tells the client to reconnect.
        super()._write(request, reply, keep_alive and not self._server.leaving)

    def _refuse(self, status: HTTPStatus, _sentence: str) -> None:
        message = "Request Entity Too Large" if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else status.phrase
        self._end_with(by_gateway(status, message))

    def _end_with(self, answer: Answer) -> None:
        # The connection must end, because the body of the request has not been read.
        if not self._transport.is_closing():
            self._write(self._request, reply(answer), keep_alive=False)


def reply(answer: Answer) -> Reply:
    """Return the function's answer as bytes."""
    content = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    return Reply(answer["statusCode"], list(answer["headers"].items()), content)


class Count:
    """Counts active operations, and can wait until there are none."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def begin(self) -> None:
        """Count one more."""
        with self._changed:
            self._count += 1

    def end(self) -> None:
        """Count one less."""
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait_for_none(self, seconds: float) -> bool:
        """Wait until there are none, at most this number of `seconds`. Return False if there still are some."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, timeout=seconds)


class Server(ThreadingMixIn, TCPServer):
    """Serve on a socket that already listens, so that a successor can take over without a refused connection."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, gateway: Gateway) -> None:
        super().__init__(listener.getsockname()[:2], partial(Handler, gateway=gateway), bind_and_activate=False)
        self.socket.close()
        self.socket: socket.socket = listener
        self.leaving = False
        self.requests = Count()
        self.connections = Count()
        self.turns = threading.BoundedSemaphore(MOST_AT_A_TIME)
        self.idle: set[socket.socket] = set()
        """Connections that are kept open and wait for their next request."""

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, from its first request to its end."""
        self.connections.begin()
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.connections.end()

    def shutdown_request(self, request: Any) -> None:
        """Remove an ending connection."""
        self.idle.discard(request)
        super().shutdown_request(request)

    def leave(self) -> None:
        """Accept no more connections. The answer to each current request tells its client to reconnect."""
        self.leaving = True
        self.shutdown()

    def end_idle(self) -> None:
        """End open connections that are idle, so that the next requests of their clients reach the new process.

        A request that has already arrived is still read and answered.
        """
        for connection in tuple(self.idle):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

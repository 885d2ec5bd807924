"""Correct two faults of Chalice's local HTTP server that make a keep-alive client wait.

This server sends headers and body in one write; with two writes, Nagle's algorithm and delayed ACK would allow only 23
requests a second. Its listen backlog is larger than five.
"""

import contextlib
import socket
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

from chalice.local import ChaliceRequestHandler, ThreadedHTTPServer

from infra.local import callers
from infra.local.api.gateway import Gateway

MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway has the same limit


class Handler(ChaliceRequestHandler):  # type: ignore[misc]
    """One connection."""

    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # collect the headers and the body, so that each answer is sent in one write

    def __init__(self, request: Any, address: Any, server: "Server", gateway: Gateway) -> None:
        self.local_gateway = gateway
        BaseHTTPRequestHandler.__init__(self, request, address, server)

    def log_message(self, *_: Any) -> None:
        """Log nothing: the API logs its requests itself, as it does in the cloud."""

    def _generic_handle(self) -> None:
        self.server.idle.discard(self.connection)
        with self.server.requests:
            reason = callers.refusal(self.headers.get, (self.local_gateway.origin,))
            length = self.headers.get("content-length", "0")
            if reason is not None:
                self._refuse(403, reason)
            elif not length.isdecimal() or "transfer-encoding" in self.headers:
                self._refuse(411, "Send the body with a Content-Length.")
            elif int(length) > MAX_BODY_BYTES:
                self._refuse(413, "The request body is larger than 10 MB.")
            else:
                super()._generic_handle()
            self.wfile.flush()
        self.server.idle.add(self.connection)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_QUERY = _generic_handle  # noqa: N815

    def end_headers(self) -> None:
        """End the headers. If this server is leaving, tell the client to reconnect."""
        if self.server.leaving:
            self.send_header("Connection", "close")
        super().end_headers()

    def _refuse(self, status: int, detail: str) -> None:
        self.close_connection = True  # the connection must end, because the body of the request has not been read
        answer = self.local_gateway.problem(status, detail, {"Connection": "close"})
        self._send_http_response(status, answer["headers"], answer["body"])

    def _send_http_response_with_body(self, code: int, headers: dict[str, Any], body: str | bytes) -> None:
        if self.command != "HEAD":
            super()._send_http_response_with_body(code, headers, body)
            return
        self.send_response(code)
        self._send_headers(headers)


class Count:
    """Counts active operations, and can wait until there are none."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait_for_none(self, seconds: float) -> None:
        """Wait until there are none, at most this number of `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0, timeout=seconds)


class Server(ThreadedHTTPServer):  # type: ignore[misc]
    """Serve on a socket that already listens, so that a successor can take over without a refused connection."""

    def __init__(self, listener: socket.socket, gateway: Gateway) -> None:
        super().__init__(listener.getsockname()[:2], partial(Handler, gateway=gateway), bind_and_activate=False)
        self.socket.close()
        self.socket: socket.socket = listener
        self.leaving = False
        self.requests = Count()
        self.connections = Count()
        self.idle: set[socket.socket] = set()
        """Connections that are kept open and wait for their next request."""

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, from its first request to its end."""
        with self.connections:
            super().process_request_thread(request, client_address)

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

"""Serve HTTP for the local gateway, with kept connections.

This server sends headers and body in one write; with two writes, Nagle's algorithm and delayed ACK would allow only 23
requests a second.
"""

import base64
import contextlib
import socket
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.local import callers
from infra.local.api.gateway import Answer, Gateway, by_gateway

MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway has the same limit


WITHOUT_CONTENT = (204, 304)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: "Server"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # collect the headers and the body, so that each answer is sent in one write

    def __init__(self, request: Any, address: Any, server: "Server", gateway: Gateway) -> None:
        self.gateway = gateway
        super().__init__(request, address, server)

    def log_message(self, *_: Any) -> None:
        """Log nothing: the API logs its requests itself, as it does in the cloud."""

    def _handle(self) -> None:
        self.server.idle.discard(self.connection)
        with self.server.requests:
            reason = callers.refusal(self.headers.get, (self.gateway.origin,))
            length = self.headers.get("content-length", "0")
            if reason is not None:
                self._refuse(self.gateway.problem(403, reason))
            elif not length.isdecimal() or "transfer-encoding" in self.headers:
                self._refuse(self.gateway.problem(411, "Send the body with a Content-Length."))
            elif int(length) > MAX_BODY_BYTES:
                self._refuse(by_gateway(413, "Request Entity Too Large"))
            else:
                # API Gateway joins the values of a repeated header
                headers = {name.lower(): ",".join(self.headers.get_all(name, [])) for name in self.headers}
                body = self.rfile.read(int(length))
                self._send(self.gateway.handle_request(self.command, self.path, headers, body))
            self.wfile.flush()
        self.server.idle.add(self.connection)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_QUERY = _handle  # noqa: N815

    def end_headers(self) -> None:
        """End the headers. If this server is leaving, tell the client to reconnect."""
        if self.server.leaving:
            self.send_header("Connection", "close")
        super().end_headers()

    def _refuse(self, answer: Answer) -> None:
        self.close_connection = True  # the connection must end, because the body of the request has not been read
        self._send({**answer, "headers": {**answer["headers"], "Connection": "close"}})

    def _send(self, answer: Answer) -> None:
        content = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            self.send_header(name, value)
        if answer["statusCode"] not in WITHOUT_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


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


class Server(ThreadingHTTPServer):
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

"""Serve the Lambda Runtime API: the HTTP side of one execution environment, for AWS's own runtime client.

Every environment has its own port. The client accepts no path prefix: it reports an init error through `http.client`,
which reads a prefix as part of the port. Ports also distinguish environments in the simplest way.
"""

import asyncio
import contextlib
import json
from typing import Protocol

import h11

from infra.local import callers
from infra.local.lambdas.invocation import Invocation

PREFIX = "/2018-06-01/runtime/"
MAX_RESPONSE_BYTES = 6 * 1024 * 1024
Reply = tuple[int, list[tuple[str, str]], bytes]
ACCEPTED: Reply = (202, [("content-type", "application/json")], b'{"status":"OK"}')


class Runtime(Protocol):
    """What the server needs from its environment (a port)."""

    async def next_invocation(self) -> Invocation:
        """Wait for the next invocation and return it."""
        ...

    def answer(self, request_id: str, body: bytes, *, ok: bool) -> bool:
        """Receive the outcome of an invocation; return False if `request_id` is not the current invocation's."""
        ...

    def init_failed(self, body: bytes) -> None:
        """Receive the error of a runtime that could not load its handler."""
        ...


class RuntimeApi:
    """Serve the Runtime API of one environment on a loopback port of its own."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Listen on a free loopback port; return the address for AWS_LAMBDA_RUNTIME_API."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    def close(self) -> None:
        """Stop listening and drop the connections."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this as a task
        self._connections.add(task)
        try:
            with contextlib.suppress(ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
                await self._converse(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        while (received := await _read_request(connection, reader)) is not None:
            request, body = received
            status, headers, payload = await self._route(request, body)
            headers = [*headers, ("content-length", str(len(payload)))]
            # One write per reply: with separate headers and body, Nagle's algorithm and delayed ACK cost 40 ms each
            # time.
            head = connection.send(h11.Response(status_code=status, headers=headers)) or b""
            data = connection.send(h11.Data(data=payload)) or b""
            writer.write(head + data + (connection.send(h11.EndOfMessage()) or b""))
            await writer.drain()
            if connection.our_state is not h11.DONE:
                return
            connection.start_next_cycle()

    async def _route(self, request: h11.Request, body: bytes) -> Reply:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        if callers.is_page(headers.get) or callers.refusal(headers.get):
            return _refusal(403, "Runtime.Forbidden", "Only the runtime may call here.")
        method, path = request.method.decode(), request.target.decode()
        match method, path.removeprefix(PREFIX).split("/"):
            case "GET", ["invocation", "next"]:
                return _invocation_reply(await self._runtime.next_invocation())
            case "POST", ["invocation", request_id, "response"]:
                return self._answer(request_id, body, ok=True)
            case "POST", ["invocation", request_id, "error"]:
                return self._answer(request_id, body, ok=False)
            case "POST", ["init", "error"]:
                self._runtime.init_failed(body)
                return ACCEPTED
        return _refusal(404, "Runtime.NotFound", f"Unknown call: {method} {path}")

    def _answer(self, request_id: str, body: bytes, *, ok: bool) -> Reply:
        if len(body) > MAX_RESPONSE_BYTES:
            reason = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            reply = _refusal(413, "Function.ResponseSizeTooLarge", reason)
            self._runtime.answer(request_id, reply[2], ok=False)
            return reply
        if not self._runtime.answer(request_id, body, ok=ok):
            return _refusal(400, "InvalidRequestID", f"Not the invocation under way: {request_id}")
        return ACCEPTED


async def _read_request(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes] | None:
    """Return the next request with its whole body; None when the runtime has closed the connection."""
    request: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(64 * 1024))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, bytes(body)
        else:
            return None


def _invocation_reply(invocation: Invocation) -> Reply:
    headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", invocation.request_id),
        ("lambda-runtime-deadline-ms", str(invocation.deadline_ms)),
        ("lambda-runtime-invoked-function-arn", invocation.arn),
        ("lambda-runtime-trace-id", invocation.trace_id),
    ]
    return 200, headers, invocation.body


def _refusal(status: int, kind: str, message: str) -> Reply:
    body = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    return status, [("content-type", "application/json")], body

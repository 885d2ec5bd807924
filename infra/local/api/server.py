"""Serve HTTP for the local gateway, on a listening socket that another process can take over."""

import asyncio
import base64
import select
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from socket import socket

from aiohttp import web

from infra.local import callers
from infra.local.api.gateway import Answer, Gateway, by_gateway
from infra.local.api.lines import LEFT, READY
from infra.local.emulator.serving.server import Reply, Request, answering, server
from infra.local.ports import BACKLOG

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_HEAD_BYTES = 10_240
"""Limits of API Gateway: of a body, and of the request line and the values of the headers together."""
MOST_AT_A_TIME = 16
"""Maximum number of requests that are handled at a time. More threads would only wait for each other."""
ARRIVE_SECONDS = 0.05
DRAIN_SECONDS = 8.0


class Server:
    """Serve until `leave`, then finish the current requests.

    Each request runs in a thread, because it waits for the emulator.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._threads = ThreadPoolExecutor(MOST_AT_A_TIME)
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        """Accept no more connections, and end each open one after its current request. Call it on the loop."""
        self._leaving.set()

    async def serve(self, listener: socket, say: Callable[[str], object]) -> None:
        """Serve on a socket that already listens. Say READY, and LEFT once only current requests are still answered."""
        serving = server(self._answered, MAX_BODY_BYTES)
        accepting = await asyncio.get_running_loop().create_server(serving, sock=listener, backlog=BACKLOG)
        say(READY)
        await self._leaving.wait()
        accepting.close()
        await asyncio.sleep(ARRIVE_SECONDS)  # let requests that have arrived begin
        _end_idle(serving)
        await asyncio.sleep(0)  # the loop closes them now
        say(LEFT)
        ends = asyncio.get_running_loop().time() + DRAIN_SECONDS
        await asyncio.sleep(ARRIVE_SECONDS)  # let requests that have just arrived begin
        while _is_answering(serving) and asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(ARRIVE_SECONDS)
        _end_idle(serving)  # shutdown would wait for them
        await serving.shutdown(1)

    async def _answered(self, sent: web.BaseRequest) -> web.Response:
        response = await answering(self._answer, self._refusal)(sent)
        if self._leaving.is_set():
            response.force_close()  # the client's next request reaches the next process
        return response

    def _refusal(self, request: Request) -> Reply | None:
        """Refuse requests of foreign web pages, and what API Gateway refuses."""
        headers = request.headers
        reason = callers.refusal(headers.get, (self._gateway.origin,))
        size = len(request.target) + sum(len(value) for _, value in request.raw_headers)
        if reason is not None:
            return reply(self._gateway.problem(403, reason))
        if len(request.target) > MAX_HEAD_BYTES:
            return reply(by_gateway(414, HTTPStatus.REQUEST_URI_TOO_LONG.phrase))
        if size > MAX_HEAD_BYTES:
            return reply(by_gateway(431, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE.phrase))
        if "transfer-encoding" in headers:
            return reply(self._gateway.problem(411, "Send the body with a Content-Length."))
        if int(headers.get("content-length", 0)) > MAX_BODY_BYTES:
            return reply(by_gateway(413, "Request Entity Too Large"))
        return None

    async def _answer(self, request: Request) -> Reply:
        parts = (request.method, request.target, request.headers, request.body)
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._gateway.handle_request, *parts)
        return reply(await work)


def _end_idle(serving: web.Server) -> None:
    """Close the connections on which nothing has arrived since their last answer.

    A request that has arrived may still be unread bytes. aiohttp then wakes the connection a turn of the loop before
    the request's handler begins, and tells this nowhere else.
    """
    for connection in serving.connections:
        waits, transport = connection._waiter, connection.transport  # noqa: SLF001
        if waits is None or waits.done() or transport is None or transport.is_closing():
            continue
        arrived = select.poll()
        arrived.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        if not arrived.poll(0):
            connection.force_close()


def _is_answering(serving: web.Server) -> bool:
    """Return whether a request is handled, or its answer is still being written."""
    return any(connection._request_in_progress for connection in serving.connections)  # noqa: SLF001


def reply(answer: Answer) -> Reply:
    """Return the function's answer as bytes."""
    content = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    return Reply(answer["statusCode"], list(answer["headers"].items()), content)

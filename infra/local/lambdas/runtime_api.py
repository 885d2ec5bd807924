"""Serve the Lambda Runtime API: the HTTP side of one execution environment, for AWS's own runtime client.

Every environment has its own port. The client accepts no path prefix: it reports an init error through `http.client`,
which reads a prefix as part of the port. Ports also distinguish environments in the simplest way.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable

from infra.local import callers
from infra.local.emulator.serving.server import Answer, Reply, Request, answering, server
from infra.local.lambdas.invocation import Invocation

PREFIX = "/2018-06-01/runtime/"
MAX_RESPONSE_BYTES = 6 * 1024 * 1024
JSON = ("content-type", "application/json")
ACCEPTED = Reply(202, [JSON], b'{"status":"OK"}')


Answered = Callable[[str, bytes, bool], bool]


class RuntimeApi:
    """Serve the Runtime API of one environment on a loopback port of its own.

    `next_invocation` waits for the next one. `answer` takes the id and the outcome of an invocation, and returns False
    if it is not the current one. `init_failed` takes the error of a runtime that could not load its handler.
    """

    def __init__(
        self,
        next_invocation: Callable[[], Awaitable[Invocation]],
        answer: Answered,
        init_failed: Callable[[bytes], None],
    ) -> None:
        self._next_invocation = next_invocation
        self._take_answer = answer
        self._init_failed = init_failed
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen on a free loopback port; return the address for AWS_LAMBDA_RUNTIME_API."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(server(answering(self._route)), "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    def close(self) -> None:
        """Stop listening. The connections end with the runtime's process."""
        if self._server is not None:
            self._server.close()

    def _route(self, request: Request) -> Answer:
        if callers.is_page(request.headers.get) or callers.refusal(request.headers.get):
            return _refusal(403, "Runtime.Forbidden", "Only the runtime may call here.")
        match request.method, request.target.removeprefix(PREFIX).split("/"):
            case "GET", ["invocation", "next"]:
                return self._next()
            case "POST", ["invocation", request_id, "response"]:
                return self._answer(request_id, request.body, ok=True)
            case "POST", ["invocation", request_id, "error"]:
                return self._answer(request_id, request.body, ok=False)
            case "POST", ["init", "error"]:
                self._init_failed(request.body)
                return ACCEPTED
        return _refusal(404, "Runtime.NotFound", f"Unknown call: {request.method} {request.target}")

    async def _next(self) -> Reply:
        invocation = await self._next_invocation()
        headers = [
            JSON,
            ("lambda-runtime-aws-request-id", invocation.request_id),
            ("lambda-runtime-deadline-ms", str(invocation.deadline_ms)),
            ("lambda-runtime-invoked-function-arn", invocation.arn),
            ("lambda-runtime-trace-id", invocation.trace_id),
        ]
        return Reply(200, headers, invocation.body)

    def _answer(self, request_id: str, body: bytes, *, ok: bool) -> Reply:
        if len(body) > MAX_RESPONSE_BYTES:
            reason = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            reply = _refusal(413, "Function.ResponseSizeTooLarge", reason)
            self._take_answer(request_id, reply.body, False)
            return reply
        if not self._take_answer(request_id, body, ok):
            return _refusal(400, "InvalidRequestID", f"Not the invocation under way: {request_id}")
        return ACCEPTED


def _refusal(status: int, kind: str, message: str) -> Reply:
    body = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    return Reply(status, [JSON], body)
